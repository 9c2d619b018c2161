import { randomUUID } from 'node:crypto';
import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { parseBackendConfig, type RunningBackend, startBackend } from '@tillcast/backend';
import { type StatusReport, statusAnswerSchema } from '@tillcast/protocol/http/status-api';
import { SYNC_PATHS } from '@tillcast/protocol/http/sync-api';
import { type FreshVirtualHost, freePort, freshVirtualHost, placeEmbeddedDatabase } from '@tillcast/testkit';
import { afterAll, beforeAll, expect, test } from 'vitest';
import { type CliOutcome, runTillcast } from './child-cli.ts';

const LICENSE = 'EXTRO-LIFE-FLEET1';
let folder: string;
let broker: FreshVirtualHost;
let backend: RunningBackend;

beforeAll(async () => {
  folder = await mkdtemp(join(tmpdir(), 'tillcast-cli-'));
  broker = await freshVirtualHost();
  await placeEmbeddedDatabase(join(folder, '.tillcast', 'database'));
  backend = await startBackend(
    parseBackendConfig({
      AMQP_URL: broker.amqpUrl,
      TILLCAST_DATA_DIR: join(folder, '.tillcast'),
      PORT: String(await freePort()),
      TILLCAST_AUTH: 'license-key',
      LOG_LEVEL: 'silent',
    }),
  );
  await tillcast('license', 'create', LICENSE);
  const item = '{"id":"T","name":"Tea","price":2.5,"currency":"GBP"}';
  await tillcast('publish', 'product', '--license', LICENSE, '--item', item);
  for (const price of ['3.00', '4.00']) {
    await tillcast('publish', 'price', '--license', LICENSE, '--product', 'T', '--price', price);
  }
});

afterAll(async () => {
  await backend?.stop();
  await broker?.drop();
  await rm(folder, { recursive: true, force: true });
});

function tillcast(...argv: string[]): Promise<CliOutcome> {
  return runTillcast(argv, { cwd: folder, env: { TILLCAST_URL: backend.url } });
}

/** Reports as a till of the license that holds a version would. */
async function report(terminalId: string, version: number, more: Partial<StatusReport> = {}): Promise<void> {
  const send = async (cursor: StatusReport['cursor']): Promise<unknown> => {
    const answer = await fetch(backend.url + SYNC_PATHS.status, {
      method: 'POST',
      headers: {
        'content-type': 'application/json',
        'x-license-key': LICENSE,
        'x-terminal-id': terminalId,
      },
      body: JSON.stringify({ cursor, unsent_sales: 0, clock: new Date().toISOString(), ...more }),
    });
    return answer.json();
  };
  const { epoch, digest } = statusAnswerSchema.parse(await send(null));
  await send({ epoch, version, digest });
}

test('[J5] the fleet’s status, who is behind and how far a change has come are told in words and in JSON', async () => {
  expect((await tillcast('fleet', 'status')).out).toContain('0 of 0 tills are current');
  expect((await tillcast('fleet', 'behind')).err).toContain('Every till is current');
  const [current, behind] = [randomUUID(), randomUUID()];
  await report(current, 3, {
    applied: [
      [2, 10],
      [3, 20],
    ],
  });
  // Each call is of a process of its own, and tills that do not report for a while count as silent.
  const told = async (...argv: string[]): Promise<CliOutcome> => {
    await report(current, 3);
    await report(behind, 1);
    return tillcast(...argv);
  };

  const status = await told('fleet', 'status', '--license', LICENSE);
  expect(status).toMatchObject({ code: 0 });
  expect(status.out).toContain('1 of 2 tills is current: 1 behind');
  expect(status.out).toContain('2 changes in 24 hours, applied 2 times');
  expect(JSON.parse((await told('fleet', 'status', '--json')).out)).toMatchObject({
    terminals: 2,
    current: 1,
    behind: 1,
    licenses: [{ license_key: LICENSE, version: 3, terminals: 2 }],
    delivery: { changes: 2, applied: 2, last_ms: 20 },
  });

  const list = await told('fleet', 'behind');
  expect(list.out).toContain(behind);
  expect(list.out).toContain('v1 of v3');
  const { total, terminals } = JSON.parse((await told('fleet', 'behind', '--limit', '1', '--json')).out);
  expect({ total, terminals }).toMatchObject({ total: 1, terminals: [{ terminal_id: behind, behind: 2 }] });

  // There is one license alone, so it need not be said which.
  const change = await told('fleet', 'change', 'v3');
  expect(change.out).toContain(`${LICENSE} v3 price_update`);
  expect(change.out).toContain('1 of 2 tills has it');
  expect(change.out).toContain(behind);
  expect(JSON.parse((await told('fleet', 'change', '2', '--license', LICENSE, '--json')).out)).toMatchObject({
    have_it: 1,
    terminals: 2,
    delivery: { applied: 1, p50_ms: 10, last_ms: 10 },
  });
});

test('[J5] [K1] what is not there, and what was not understood, has its exit code', async () => {
  expect(await tillcast('fleet', 'change', '99', '--license', LICENSE)).toMatchObject({ code: 3, out: '' });
  expect(await tillcast('fleet', 'status', '--license', 'EXTRO-LIFE-NOBODY')).toMatchObject({ code: 3 });
  expect(await tillcast('fleet', 'change', 'three')).toMatchObject({ code: 2, out: '' });
  expect(await tillcast('fleet', 'behind', '--limit', '0')).toMatchObject({ code: 2, out: '' });
  await tillcast('license', 'create', 'EXTRO-LIFE-FLEET2');
  const which = await tillcast('fleet', 'change', '2');
  expect(which).toMatchObject({ code: 2, out: '' });
  expect(which.err).toContain('--license');
});

test('[J2] `sync status` calls current only what reported lately and has the server’s content', async () => {
  const odd = randomUUID();
  const current = randomUUID();
  await report(odd, 2);
  await report(current, 3);
  const { out } = await tillcast('sync', 'status', '--license', LICENSE);
  expect(out).toContain('By its last report');
  const line = (id: string): string => out.split('\n').find((each) => each.includes(id)) ?? '';
  // It says version 2, and the digest is that of version 3.
  expect(line(odd)).toContain('differs');
  expect(line(current)).toMatch(/✓ current .* v3 /);
  expect(JSON.parse((await tillcast('sync', 'status', '--license', LICENSE, '--json')).out).licenses).toEqual(
    [expect.objectContaining({ key: LICENSE, at: expect.any(String) })],
  );
});
