import { readFileSync, statSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { silentLogger } from '@tillcast/broker';
import { TillcastError } from '@tillcast/protocol/errors';
import { IDENTITY_PATHS, type MessageKey } from '@tillcast/protocol/http/identity-api';
import { testMessageSigner } from '@tillcast/testkit';
import { expect, test } from 'vitest';
import { ASK_AGAIN_MS, KeptMessageKeys } from '../src/identity/message-keys.ts';
import { lineOfRefused } from '../src/replica/activity-lines.ts';
import { REFUSED_LINE_EVERY_MS, RefusedMessages } from '../src/replica/refused-messages.ts';
import { UnknownKeys, WAITING_MAX, type WaitingDelivery } from '../src/replica/unknown-keys.ts';
import type { NewActivity } from '../src/store/activity-table.ts';
import { Stage } from './running-till.ts';
import { tempFolder } from './temp-folder.ts';

const { key: first } = testMessageSigner();
const { key: second } = testMessageSigner();

function keysIn(dataDir: string, answers: readonly (readonly MessageKey[] | TillcastError)[] = []) {
  const clock = { nowMs: 1_000 };
  const asked: number[] = [];
  const keys = new KeptMessageKeys({
    dataDir,
    ask: async () => {
      asked.push(clock.nowMs);
      const answer = answers[asked.length - 1] ?? [];
      if (answer instanceof TillcastError) throw answer;
      return answer;
    },
    logger: silentLogger,
    nowMs: () => clock.nowMs,
  });
  return { keys, clock, asked };
}

test('[E8] what was learnt is known after a restart, and what is told replaces it', async () => {
  using folder = tempFolder();
  keysIn(folder.path).keys.learn([first]);
  const { keys } = keysIn(folder.path);
  expect(keys.find(first.kid)?.asymmetricKeyType).toBe('ed25519');
  keys.learn([second]);
  expect(keys.find(first.kid)).toBeNull();
  const again = keysIn(folder.path).keys;
  expect([again.find(first.kid), again.find(second.kid)?.type]).toEqual([null, 'public']);
  expect(statSync(join(folder.path, 'message-keys.json')).mode & 0o777).toBe(0o600);
});

test('[E8] a file that is no good counts as none, and is written anew', async () => {
  using folder = tempFolder();
  const file = join(folder.path, 'message-keys.json');
  for (const text of [
    '',
    'no json',
    '{"keys":[{"kid":"x"}]}',
    '{"keys":[{"kid":"abcdefgh","kty":"OKP","crv":"Ed25519","x":"short"}]}',
  ]) {
    writeFileSync(file, text);
    expect(keysIn(folder.path).keys.find('abcdefgh')).toBeNull();
  }
  keysIn(folder.path).keys.learn([first]);
  expect(readFileSync(file, 'utf8')).toContain(first.kid);
});

test('[E8] an unknown key makes the till ask, once for all that wait and at most every ten seconds', async () => {
  using folder = tempFolder();
  const { keys, clock, asked } = keysIn(folder.path, [
    new TillcastError('backend_unavailable', 'Away.'),
    [second],
  ]);
  keys.learn([first]);
  const asking = keys.unknown(second.kid);
  expect(keys.unknown('another-one')).toBe(asking);
  await asking;
  expect(keys.find(first.kid)).not.toBeNull();
  clock.nowMs += ASK_AGAIN_MS - 1;
  expect(keys.unknown(second.kid)).toBeNull();
  clock.nowMs += 1;
  await keys.unknown(second.kid);
  expect(keys.find(second.kid)).not.toBeNull();
  expect(asked).toHaveLength(2);
  await keys.stop();
  clock.nowMs += ASK_AGAIN_MS;
  expect(keys.unknown('a-third-one')).toBeNull();
});

test('[E8] messages wait for their key in order, and no more than some dozens', async () => {
  const answered = Promise.withResolvers<void>();
  const released: WaitingDelivery[] = [];
  const unknown = new UnknownKeys({ find: () => null, unknown: () => answered.promise }, (waiting) => {
    released.push(...waiting);
  });
  const waiting = Array.from({ length: WAITING_MAX }, (_, receivedAtMs) => ({
    delivery: {
      routingKey: '',
      body: Buffer.of(),
      headers: {},
      messageId: null,
      type: null,
      timestampMs: null,
      contentEncoding: null,
      redelivered: false,
    },
    receivedAtMs,
  }));
  const [one, ...others] = waiting;
  // Where none waits, none has to be waited for.
  expect(one !== undefined && unknown.holdBehind(one)).toBe(false);
  for (const [index, each] of waiting.entries()) {
    // Every other one could be believed already: it waits all the same, since those before it do.
    expect(index % 2 === 0 ? unknown.hold('kid', each) : unknown.holdBehind(each)).toBe(true);
  }
  expect(others.slice(0, 1).some((each) => unknown.holdBehind(each))).toBe(false);
  expect(one !== undefined && unknown.hold('kid', one)).toBe(false);
  answered.resolve();
  await unknown.drained();
  expect(released).toEqual(waiting);
});

test('[E7] refused messages are said at once, and then no oftener than once a minute by their number', () => {
  const lines: NewActivity[] = [];
  const timers: (() => void)[] = [];
  const clock = {
    nowMs: () => 0,
    steadyMs: () => 0,
    after: (delayMs: number, callback: () => void) => {
      expect(delayMs).toBe(REFUSED_LINE_EVERY_MS);
      timers.push(callback);
      return () => undefined;
    },
  };
  const refused = new RefusedMessages(clock, (line) => void lines.push(line));
  for (let count = 0; count < 1_000; count += 1) refused.refused('message_unsigned');
  refused.refused('message_foreign_license');
  timers.shift()?.();
  timers.shift()?.();
  expect(lines.map(({ summary }) => summary)).toEqual([
    'Refused 1 message: not signed by the server',
    'Refused 1 message: meant for another license',
    'Refused 999 messages: not signed by the server',
  ]);
  timers.shift()?.();
  refused.refused('message_unsigned');
  expect(lines.at(-1)).toEqual(lineOfRefused('message_unsigned', 1, 0));
});

test('[E8] a till that starts without the server believes what it was told before', async () => {
  await using stage = await Stage.set();
  await (await stage.openLiveTill()).stop();
  await stage.backend.stop();
  await using till = await stage.openTill();
  await till.reaches({ broker_attached: true });
  await stage.publish(stage.catalog.setPrice('A', 4));
  await till.holds(stage.catalog);
});

test('[E8] [E3] messages of a key that the till was not told of wait until the server has told of it', async () => {
  await using stage = await Stage.set();
  await using till = await stage.openLiveTill();
  const before = await till.counts();
  stage.catalog.signer = testMessageSigner();
  stage.backend.messageKeys = [stage.catalog.signer.key];
  for (const price of [4, 5, 6]) await stage.publish(stage.catalog.setPrice('A', price));
  await till.holds(stage.catalog);
  expect(stage.backend.countAsked(IDENTITY_PATHS.messageKeys)).toBe(2);
  const { gap, message_key_unknown: unknown } = await till.counts();
  expect({ gap, unknown }).toEqual({ gap: before['gap'], unknown: undefined });
});

test('[E7] a key of which the server tells no more is believed no more', async () => {
  await using stage = await Stage.set();
  await using till = await stage.openLiveTill();
  const stolen = stage.catalog.signer;
  stage.catalog.signer = testMessageSigner();
  stage.backend.messageKeys = [stage.catalog.signer.key];
  await stage.publish(stage.catalog.setPrice('A', 4));
  await till.holds(stage.catalog);
  const { signer } = stage.catalog;
  stage.catalog.signer = stolen;
  await stage.publish(stage.catalog.message('price_update', '{}'));
  await till.counted('message_key_unknown');
  stage.catalog.signer = signer;
  await stage.publish(stage.catalog.setPrice('A', 5));
  await till.holds(stage.catalog);
});
