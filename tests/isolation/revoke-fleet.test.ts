import { setTimeout as sleep } from 'node:timers/promises';
import { ADMIN_PATHS } from '@tillcast/protocol/http/admin-api';
import { expect, test, vi } from 'vitest';
import { startGuardedSystem } from '../support/guarded-system.ts';
import { listenRaw, type RawListener } from '../support/raw-listener.ts';

/** How many tills are connected; a fifth of them is suspended. The full measure is 1,000. */
const SIZE = Number(process.env['TILLCAST_TEST_FLEET_SIZE'] ?? '100');
const LICENSES = 5;
const SILENT_AFTER_MS = 1_000;
const AT_ONCE = 10;
/** Four changes a second for each license: with 1,000 tills, 4,000 deliveries a second to this one process. */
const CHANGE_EVERY_MS = 250;

test(`[B20] of ${SIZE} connected tills the fifth whose license is suspended gets nothing more after 1 s; the others lose nothing`, {
  timeout: 600_000,
}, async () => {
  await using on = await startGuardedSystem({ apart: true, environment: { TILLCAST_RATE_LIMITS: 'off' } });
  const tillsOfEach = SIZE / LICENSES;
  const keys = Array.from({ length: LICENSES }, (_, index) => `FLEET-LIFE-${process.pid}X${index}`);
  const licenses = await Promise.all(keys.map((key) => on.createLicense(key, tillsOfEach)));
  await using stack = new AsyncDisposableStack();

  const listeners = new Map<string, RawListener[]>(keys.map((key) => [key, []]));
  const wanted = licenses.flatMap((license) => Array.from({ length: tillsOfEach }, () => license)).values();
  const attach = async (): Promise<void> => {
    for (const license of wanted) {
      const till = await on.activate(license);
      const listener = stack.use(await listenRaw(await on.brokerUrl(till), till));
      listeners.get(license.key)?.push(listener);
    }
  };
  await Promise.all(Array.from({ length: AT_ONCE }, attach));

  let going = true;
  let changes = 0;
  const streaming = (async () => {
    while (going) {
      await Promise.all([sleep(CHANGE_EVERY_MS), ...keys.map((key) => on.commit(key))]);
      changes += 1;
    }
  })();
  const [suspendedKey = '', ...otherKeys] = keys;
  const suspended = listeners.get(suspendedKey) ?? [];
  const others = otherKeys.flatMap((key) => listeners.get(key) ?? []);
  await vi.waitFor(
    () => expect(Math.min(...[...suspended, ...others].map(({ heard }) => heard.length))).toBeGreaterThan(3),
    { timeout: 120_000, interval: 100 },
  );

  await on.admin(ADMIN_PATHS.suspend(suspendedKey));
  const committedMs = performance.now();
  await Promise.all(suspended.map(({ closed }) => closed));
  const closedAfterMs = Math.round(performance.now() - committedMs);
  await sleep(SILENT_AFTER_MS);
  going = false;
  await streaming;

  const lastMs = Math.max(...suspended.map(({ heard }) => heard.at(-1)?.atMs ?? 0)) - committedMs;
  const toldMs = Math.round((await on.metric('tillcast_revocation_seconds_sum')) * 1000);
  process.stdout.write(
    `${suspended.length} of ${SIZE} tills suspended: the last message came ${Math.round(lastMs)} ms after the commit, the last connection was closed after ${closedAfterMs} ms, the broker was done after ${toldMs} ms; ${changes} changes a license\n`,
  );
  expect(suspended).toHaveLength(tillsOfEach);
  expect(lastMs).toBeLessThan(SILENT_AFTER_MS);
  // The suspension is a change of its own license alone.
  const all = Array.from({ length: changes }, (_, index) => index + 1);
  await vi.waitFor(
    () => {
      for (const { heard } of others) expect(heard.map(({ version }) => version)).toEqual(all);
    },
    { timeout: 60_000, interval: 200 },
  );
  expect(others.filter((each) => each.isClosed())).toEqual([]);
});
