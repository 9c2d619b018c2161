import { setImmediate } from 'node:timers/promises';
import { TillcastError } from '@tillcast/protocol/errors';
import type { CommitResult } from '@tillcast/protocol/http/admin-api';
import { parseLicenseKey } from '@tillcast/protocol/license-key';
import { expect, test } from 'vitest';
import { parseCurrency } from '../src/input/parse.ts';
import { readPriceChanges, recordingTime } from '../src/replay/price-changes.ts';
import { type Committer, type ReplayOptions, replayChanges } from '../src/replay/replay-changes.ts';

const ONE = parseLicenseKey('EXTRO-LIFE-ABC123');
const OTHER = parseLicenseKey('EXTRO-LIFE-XYZ789');
const ALL = { fromMs: undefined, untilMs: undefined, limit: undefined };

async function* bytes(text: string): AsyncGenerator<Buffer> {
  yield Buffer.from(text);
}

const RECORDING = `at,sku,old_pence,new_pence
2011-01-01 10:00:02,B,1,300
2011-01-01 10:00:00,A,1,100
2011-01-01 10:00:00,A,100,200
2011-01-02 10:00:00,C,1,400
`;

/** A clock that only sleeping moves. */
function virtualClock(): ReplayOptions['clock'] & { readonly sleeps: number[] } {
  let now = 0;
  const sleeps: number[] = [];
  return {
    sleeps,
    now: () => now,
    sleep: async (durationMs) => {
      sleeps.push(durationMs);
      now += durationMs;
    },
  };
}

function result(version: number, type: CommitResult['type']): CommitResult {
  const counts = type === null ? { changed: 0, unchanged: 1 } : { changed: 1, unchanged: 0 };
  return { epoch: 'abcdefgh', version, digest: '0'.repeat(16), type, ...counts, committed_at: null };
}

function options(changes: Partial<ReplayOptions>): ReplayOptions {
  return {
    licenses: [ONE],
    speed: Infinity,
    currency: parseCurrency('GBP'),
    signal: new AbortController().signal,
    clock: virtualClock(),
    onProgress: () => undefined,
    ...changes,
  };
}

test('a recording is read in the order of time, and of the file within a moment', async () => {
  const changes = await readPriceChanges(bytes(RECORDING), ALL);
  expect(changes.map(({ sku, newMinor }) => [sku, newMinor])).toEqual([
    ['A', 100],
    ['A', 200],
    ['B', 300],
    ['C', 400],
  ]);
});

test('a range and a limit choose from it; the end of a range is not in it', async () => {
  const until = recordingTime('2011-01-02 10:00:00') ?? undefined;
  const from = recordingTime('2011-01-01T10:00:01') ?? undefined;
  const inRange = await readPriceChanges(bytes(RECORDING), {
    fromMs: from,
    untilMs: until,
    limit: undefined,
  });
  expect(inRange.map(({ sku }) => sku)).toEqual(['B']);
  const limited = await readPriceChanges(bytes(RECORDING), { ...ALL, limit: 2 });
  expect(limited.map(({ newMinor }) => newMinor)).toEqual([100, 200]);
});

test('bad rows are told with their lines, and nothing is replayed', async () => {
  const reading = readPriceChanges(bytes(`${RECORDING}yesterday,D,1,2\n2011-01-02 10:00:00,E,1,-2\n`), ALL);
  const error = await reading.catch((thrown: unknown) => thrown);
  expect(error).toMatchObject({
    code: 'import_invalid',
    details: [{ pointer: 'line 6' }, { pointer: 'line 7' }],
  });
});

test('changes are sent when they are due, as much sooner as the speed says', async () => {
  const clock = virtualClock();
  const client: Committer = { commit: async () => result(1, 'price_update') };
  await replayChanges(client, await readPriceChanges(bytes(RECORDING), ALL), options({ speed: 1000, clock }));
  expect(clock.sleeps.map(Math.round)).toEqual([2, 86_398]);
});

test('one license’s changes never overlap, two licenses’ do', async () => {
  const open = new Map<string, number>();
  let most = 0;
  const client: Committer = {
    commit: async (license) => {
      expect(open.get(license) ?? 0).toBe(0);
      open.set(license, 1);
      most = Math.max(
        most,
        [...open.values()].reduce((sum, each) => sum + each, 0),
      );
      await setImmediate();
      open.set(license, 0);
      return result(1, 'price_update');
    },
  };
  const changes = await readPriceChanges(bytes(RECORDING), ALL);
  const tallies = await replayChanges(client, changes, options({ licenses: [ONE, OTHER] }));
  expect(tallies.map(({ sent }) => sent)).toEqual([4, 4]);
  expect(most).toBe(2);
});

test('changed, unchanged and unknown rows are counted apart', async () => {
  const client: Committer = {
    commit: async (_, [operation]) => {
      if (operation?.op !== 'set_price') throw new Error('not a price');
      if (operation.product_id === 'B') throw new TillcastError('item_not_found', 'There is no B.');
      return operation.product_id === 'C' ? result(7, null) : result(7, 'price_update');
    },
  };
  const changes = await readPriceChanges(bytes(RECORDING), ALL);
  expect(await replayChanges(client, changes, options({}))).toEqual([
    { license_key: ONE, sent: 4, changed: 2, unchanged: 1, unknown: 1, version: 7 },
  ]);
});

test('another failure ends the replay of every license, and is told', async () => {
  let sent = 0;
  const client: Committer = {
    commit: async (license) => {
      sent += 1;
      if (license === OTHER) throw new TillcastError('license_suspended', 'It is suspended.');
      await setImmediate();
      return result(1, 'price_update');
    },
  };
  const changes = await readPriceChanges(bytes(RECORDING), ALL);
  const replaying = replayChanges(client, changes, options({ licenses: [ONE, OTHER] }));
  await expect(replaying).rejects.toMatchObject({ code: 'license_suspended' });
  expect(sent).toBe(2);
});

test('an interrupt ends it after the request that is under way', async () => {
  const controller = new AbortController();
  const client: Committer = {
    commit: async () => {
      controller.abort();
      return result(1, 'price_update');
    },
  };
  const changes = await readPriceChanges(bytes(RECORDING), ALL);
  const tallies = await replayChanges(client, changes, options({ signal: controller.signal }));
  expect(tallies.map(({ sent }) => sent)).toEqual([1]);
});
