import { setTimeout as sleep } from 'node:timers/promises';
import { ADMIN_PATHS } from '@tillcast/protocol/http/admin-api';
import { Client } from 'pg';
import { expect, onTestFinished, test, vi } from 'vitest';
import { openGateway } from '../support/gateway.ts';
import { type GuardedSystem, startGuardedSystem } from '../support/guarded-system.ts';
import { type Heard, listenRaw, type RawListener } from '../support/raw-listener.ts';
import type { RawTill } from '../support/raw-till.ts';

/** The promise: nothing is delivered later than this after the commit of the act. */
const SILENT_AFTER_MS = 1_000;

/** The promise is one of a machine that is not overrun by other tests. */
const BUSY = { retry: 2 };

/** Waits until it is so: that it comes is tested, not how soon on a busy machine. */
function soon<T>(check: () => T | Promise<T>): Promise<T> {
  return vi.waitFor(check, { timeout: 30_000, interval: 20 });
}

/** As the broker says it to whom it lets in and then finds blocked. */
const KEPT_OUT = /NOT.ALLOWED|ConnectionClose/;

let licenses = 0;
/** A license key that no other test has. */
function newKey(): string {
  licenses += 1;
  return `REVOKE-LIFE-${process.pid}X${licenses}`;
}

async function system(options: Parameters<typeof startGuardedSystem>[0] = {}): Promise<GuardedSystem> {
  const started = await startGuardedSystem(options);
  onTestFinished(() => started[Symbol.asyncDispose]());
  return started;
}

async function listen(on: GuardedSystem, till: RawTill, url?: string): Promise<RawListener> {
  const listener = await listenRaw(url ?? (await on.brokerUrl(till)), till);
  onTestFinished(() => listener[Symbol.asyncDispose]());
  return listener;
}

/** Commits to licenses without a pause until stopped; resolves to how many changes each got. */
function stream(on: GuardedSystem, keys: readonly string[]): { stop: () => Promise<number> } {
  let going = true;
  let changes = 0;
  const run = async (): Promise<void> => {
    while (going) {
      await Promise.all(keys.map((key) => on.commit(key)));
      changes += 1;
    }
  };
  const running = run();
  onTestFinished(() => void (going = false));
  return {
    stop: async () => {
      going = false;
      await running;
      return changes;
    },
  };
}

function lastOf(heard: readonly Heard[]): number {
  return heard.at(-1)?.atMs ?? Number.NEGATIVE_INFINITY;
}

function versionsOf(heard: readonly Heard[]): readonly (number | null)[] {
  return heard.map(({ version }) => version);
}

function upTo(count: number): readonly number[] {
  return Array.from({ length: count }, (_, index) => index + 1);
}

/** Tries to connect with one URL again and again, as a client does that will not go. */
function besiege(till: RawTill, url: string): { heard: Heard[]; stop: () => Promise<void> } {
  const heard: Heard[] = [];
  let going = true;
  const run = async (): Promise<void> => {
    while (going) {
      try {
        await using listener = await listenRaw(url, till, heard);
        while (going && !listener.isClosed()) await sleep(5);
      } catch {
        // Refused: at once again.
        await sleep(2);
      }
    }
  };
  const attacks = [run(), run(), run()];
  return {
    heard,
    stop: async () => {
      going = false;
      await Promise.all(attacks);
    },
  };
}

test(
  '[B20] a suspended license gets nothing from 1 s after the commit on, while another one misses nothing',
  BUSY,
  async () => {
    const on = await system();
    const [suspended, other] = [await on.createLicense(newKey()), await on.createLicense(newKey())];
    const [tillA, tillB] = [await on.activate(suspended), await on.activate(other)];
    const [a, b] = [await listen(on, tillA), await listen(on, tillB)];
    const commits = stream(on, [suspended.key, other.key]);
    await soon(() => expect(a.heard.length).toBeGreaterThan(20));

    await on.admin(ADMIN_PATHS.suspend(suspended.key));
    const committedMs = performance.now();
    await a.closed;
    await sleep(SILENT_AFTER_MS * 2);
    const changes = await commits.stop();

    expect(lastOf(a.heard) - committedMs).toBeLessThan(SILENT_AFTER_MS);
    expect(a.heard.length).toBeLessThan(changes);
    await soon(() => expect(b.heard).toHaveLength(changes));
    expect(versionsOf(b.heard)).toEqual(upTo(changes));
    expect(b.isClosed()).toBe(false);
  },
);

test(
  '[B20] a client that comes back at once with its old token stays out, and is let in again by a resumption',
  BUSY,
  async () => {
    const on = await system();
    const license = await on.createLicense(newKey());
    const till = await on.activate(license);
    const url = await on.brokerUrl(till);
    const siege = besiege(till, url);
    onTestFinished(() => siege.stop());
    const commits = stream(on, [license.key]);
    await soon(() => expect(siege.heard.length).toBeGreaterThan(20));

    await on.admin(ADMIN_PATHS.suspend(license.key));
    const committedMs = performance.now();
    await sleep(SILENT_AFTER_MS * 2);
    expect(lastOf(siege.heard) - committedMs).toBeLessThan(SILENT_AFTER_MS);
    expect((await till.askForToken()).status).toBe(403);

    const before = siege.heard.length;
    await on.admin(ADMIN_PATHS.resume(license.key));
    await soon(() => expect(siege.heard.length).toBeGreaterThan(before));
    expect((await till.askForToken()).status).toBe(200);
    await commits.stop();
    await siege.stop();
  },
);

// 1. The token's request has found the license active. 2. The suspension commits. 3. Were the token given now, nobody
// would know that there is one to be kept out.
test('[B20] a token that is asked for while its license is being suspended is not given', async () => {
  const on = await system();
  const license = await on.createLicense(newKey());
  const till = await on.activate(license);
  await till.token();
  const client = new Client(on.databaseUrl);
  await client.connect();
  onTestFinished(() => client.end());
  await client.query('BEGIN');
  await client.query("UPDATE licenses SET status = 'suspended', ended_at = now() WHERE key = $1", [
    license.key,
  ]);
  const asking = till.askForToken();
  await soon(async () => {
    const waiting = await client.query(
      "SELECT FROM pg_stat_activity WHERE wait_event_type = 'Lock' AND datname = current_database()",
    );
    expect(waiting.rowCount).toBe(1);
  });
  await client.query('COMMIT');
  const answer = await asking;
  expect(answer.status).toBe(403);
  expect(await answer.json()).toMatchObject({ code: 'license_suspended' });
});

test('[B21] a revoked terminal is cut off, and its sister goes on without a gap', async () => {
  const on = await system();
  const license = await on.createLicense(newKey());
  const [lost, sister] = [await on.activate(license, 'Lost'), await on.activate(license, 'Sister')];
  const lostUrl = await on.brokerUrl(lost);
  const [a, b] = [await listen(on, lost, lostUrl), await listen(on, sister)];
  const commits = stream(on, [license.key]);
  await soon(() => expect(a.heard.length).toBeGreaterThan(5));

  await on.admin(ADMIN_PATHS.revokeTerminal(lost.terminalId));
  await a.closed;
  await expect(listenRaw(lostUrl, lost)).rejects.toThrow(KEPT_OUT);
  const changes = await commits.stop();
  await soon(() => expect(b.heard).toHaveLength(changes));
  expect(versionsOf(b.heard)).toEqual(upTo(changes));
  expect(b.isClosed()).toBe(false);
});

test('[B22] what the broker could not be told while its management API was away is done when it is back', async () => {
  const gateway = await openGateway();
  onTestFinished(() => gateway.shut());
  const on = await system({ gateway });
  const license = await on.createLicense(newKey());
  const till = await on.activate(license);
  const url = await on.brokerUrl(till);
  const listener = await listen(on, till, url);
  await gateway.shut();

  await on.admin(ADMIN_PATHS.suspend(license.key));
  expect((await till.askForToken()).status).toBe(403);
  await soon(async () => expect(await on.metric('tillcast_revocation_failures_total')).toBeGreaterThan(1));
  expect(listener.isClosed()).toBe(false);

  await gateway.open();
  await listener.closed;
  await expect(listenRaw(url, till)).rejects.toThrow(KEPT_OUT);
});

test('[B22] of several backends each act is done by one, whichever it was sent to', async () => {
  const on = await system({ backends: 2 });
  const made = await Promise.all(
    upTo(12).map(async () => {
      const license = await on.createLicense(newKey());
      const till = await on.activate(license);
      return { license, listener: await listen(on, till) };
    }),
  );
  await Promise.all(
    made.map(({ license }, index) => on.admin(ADMIN_PATHS.suspend(license.key), {}, on.backends[index % 2])),
  );
  await Promise.all(made.map(({ listener }) => listener.closed));
  await soon(async () => expect(await on.metric('tillcast_revocation_seconds_count')).toBe(made.length));
});

test('[B22] an act that the next one overtakes leaves nobody shut out', async () => {
  const on = await system({ backends: 2 });
  const license = await on.createLicense(newKey());
  const till = await on.activate(license);
  const url = await on.brokerUrl(till);
  for (let round = 0; round < 10; round += 1) {
    const at = on.backends[round % 2];
    await on.admin(ADMIN_PATHS.suspend(license.key), {}, at);
    await on.admin(ADMIN_PATHS.resume(license.key), {}, at);
  }
  await soon(async () => expect(await on.metric('tillcast_revocation_seconds_count')).toBe(20));
  const listener = await listen(on, till, url);
  expect(listener.isClosed()).toBe(false);
});

test('[B23] a connection that outlives its token is closed', async () => {
  const on = await system({ environment: { TILLCAST_TOKEN_LIFETIME_S: '5' } });
  const license = await on.createLicense(newKey());
  const [silent, renewing] = [await on.activate(license, 'Silent'), await on.activate(license, 'Renewing')];
  const a = await listen(on, silent);
  const b = await listen(on, renewing);
  while (!a.isClosed()) {
    await renewing.token();
    await Promise.race([a.closed, sleep(1_000)]);
  }
  expect(b.isClosed()).toBe(false);
  await soon(async () => expect(await on.metric('tillcast_reaped_terminals_total')).toBe(1));
});

test('[B23] a license that ends by date is cut off without an act', async () => {
  const on = await system({ environment: { TILLCAST_TOKEN_LIFETIME_S: '60' } });
  const license = await on.createLicense(newKey());
  const till = await on.activate(license);
  const url = await on.brokerUrl(till);
  const listener = await listen(on, till, url);
  await on.endLicense(license.key, new Date(Date.now() + 1_000));
  await listener.closed;
  await expect(listenRaw(url, till)).rejects.toThrow(KEPT_OUT);
  // Its end is put off: it may come in again, with the token that it has.
  await on.endLicense(license.key, new Date(Date.now() + 3_600_000));
  await soon(() => listen(on, till, url));
});
