import { mkdtemp, rm } from 'node:fs/promises';
import { availableParallelism, tmpdir } from 'node:os';
import { join } from 'node:path';
import { setTimeout as pause } from 'node:timers/promises';
import { freshDatabase } from '@tillcast/testkit';
import { enrollTills, startStormSystem, startTillFleet } from '@tillcast/testkit/storm';
import { expect, test } from 'vitest';
import { CONVERGED_MS, eventually, SLOWNESS, within } from './support/bounds.ts';
import { FleetTruth } from './support/fleet-truth.ts';
import { queryOnce } from './support/queries.ts';

/** How many tills come back at once. The full measure is 1,000. */
const TILLS = Number(process.env['TILLCAST_TEST_STORM_TILLS'] ?? 200);
const LICENSES = ['ONE', 'TWO', 'THREE', 'FOUR', 'FIVE'].map((name) => `STORM-LIFE-${name}`);
const CHANGES = 50;
/** Long enough that every till waits up to the longest for its next try. */
const AWAY_MS = 15_000;
/** What two cores need for a till, its server's part and its own, with room. */
const EACH_MS = 20 * SLOWNESS;
/** Of the tills' first tries after the port opens, the most that may fall in one second; spread evenly it is a quarter. */
const SHARE_OF_A_SECOND = 0.45;

// 1. All tills are live. 2. The broker is killed, and each license has fifty changes meanwhile. 3. It comes back.
test(`[S11] [P3] [P6] the broker is killed under ${TILLS} tills: they come back spread out, none takes a snapshot or a new token, and the catalog is read for licenses, not for tills`, async () => {
  await using stack = new AsyncDisposableStack();
  const folder = await mkdtemp(join(tmpdir(), 'tillcast-storm-'));
  stack.defer(() => rm(folder, { recursive: true, force: true }));
  const { url: databaseUrl } = stack.use(await freshDatabase());
  const system = stack.use(
    await startStormSystem({ databaseUrl, folder, licenseKeys: LICENSES, products: 60 }),
  );
  const { backendUrl, amqpUrl, issuer } = system;
  const tills = await enrollTills(databaseUrl, LICENSES, TILLS);
  const processes = Math.min(availableParallelism(), 4);
  const addresses = { backendUrl, amqpUrl, issuer };
  const fleet = stack.use(
    await startTillFleet({ ...addresses, tills, processes, folder: join(folder, 'tills') }),
  );
  const heads = async (): Promise<ReadonlyMap<string, unknown>> => {
    const sql = `SELECT l.key, c.epoch, c.version::integer AS version, c.digest
      FROM licenses l JOIN catalogs c ON c.license_id = l.id`;
    const rows = (await queryOnce(databaseUrl, sql)) as readonly { readonly key: string }[];
    return new Map(rows.map(({ key, ...head }) => [key, head]));
  };
  /** Fails where a till is not live at its license's newest version. */
  const allAreLive = async (): Promise<void> => {
    const at = await heads();
    const states = await fleet.states();
    const wrong = states.filter((state, index) => {
      const { status, epoch, version, digest } = state;
      const head = at.get(tills[index]?.licenseKey ?? '');
      return status !== 'live' || JSON.stringify({ epoch, version, digest }) !== JSON.stringify(head);
    });
    expect(wrong.length, JSON.stringify(wrong[0])).toBe(0);
  };
  await eventually(allAreLive);
  const truth = stack.use(new FleetTruth(databaseUrl, fleet));
  const before = await fleet.counts();

  await system.killBroker();
  await pause(AWAY_MS);
  for (const { status } of await fleet.states()) expect(status).not.toBe('live');
  await system.commitEach(CHANGES);
  await fleet.attempts();
  await system.statements();

  const portOpenAtMs = await system.startBroker();
  await within(portOpenAtMs + CONVERGED_MS + TILLS * EACH_MS - performance.now(), allAreLive);
  const convergedMs = Math.round(performance.now() - portOpenAtMs);
  const asked = await system.statements();
  const after = await fleet.counts();
  const grown = (name: string): number => (after[name] ?? 0) - (before[name] ?? 0);
  const spread = busiestSecond(await fleet.attempts(), performance.timeOrigin + portOpenAtMs);
  console.log(
    `${TILLS} tills were live ${convergedMs} ms after the port opened; first tries in the busiest second: ${spread}; the backend asked:`,
    asked,
  );

  expect(spread).toBeLessThan(TILLS * SHARE_OF_A_SECOND);
  for (const name of ['snapshot', 'repair', 'catalog_set_aside', 'line_deaf'])
    expect([name, grown(name)]).toEqual([name, 0]);
  // Some are due for a new one by the clock, had they been there for long.
  expect(grown('token_received')).toBeLessThan(TILLS / 5);
  expect(asked['read_snapshot tillcast_app'] ?? 0).toBe(0);
  expect(asked['read_delta_page tillcast_app'] ?? 0).toBeLessThanOrEqual(5 * LICENSES.length);
  await truth.stop();
  const at = await heads();
  const contents = await fleet.contents();
  for (const [index, sum] of contents.entries())
    expect(at.get(tills[index]?.licenseKey ?? '')).toMatchObject({ version: 1 + CHANGES, digest: sum });
}, 600_000);

/** How many tills made their first try since a moment in the same second of it. */
function busiestSecond(attempts: readonly (readonly number[])[], sinceMs: number): number {
  const firsts = attempts.flatMap((each) => each.find((atMs) => atMs >= sinceMs) ?? []);
  const bySecond = Object.groupBy(firsts, (atMs) => Math.floor((atMs - sinceMs) / 1_000));
  return Math.max(...Object.values(bySecond).map((each) => each?.length ?? 0));
}
