import { join } from 'node:path';
import { setTimeout as pause } from 'node:timers/promises';
import { SYNC_PATHS } from '@tillcast/protocol/http/sync-api';
import { tillKeyOfPem } from '@tillcast/terminal/internals';
import { createDatabase } from '@tillcast/testkit';
import {
  type EnrolledTill,
  enrollTills,
  type StormSystem,
  startStormSystem,
  startTillFleet,
  type TillFleet,
} from '@tillcast/testkit/storm';
import { Client } from 'pg';
import type { BenchContext, Benchmark } from './lib/benchmark.ts';
import { cpuTimeMs } from './lib/cpu-time.ts';
import { compareAll, type Result, spreadOf } from './lib/measure.ts';
import { inParallel } from './lib/parallel.ts';
import { type RawStorm, startRawStorm } from './lib/raw-storm.ts';
import { tokenOf } from './lib/token-till.ts';

const LICENSES = Array.from({ length: 5 }, (_, index) => `BENCH-STORM-${index}`);
const CHANGES = 50;
const PROCESSES = 2;
const LOOK_EVERY_MS = 300;
const GIVE_UP_AFTER_MS = 120_000;
/** A storm of four times as many tills may cost each of them so much more. */
const SLOPE_MAX = 1.2;

/**
 * B6: the broker is killed (-9) under tills that are live; each of five licenses gets fifty changes of fifty products
 * meanwhile; it comes back. From its port's opening until the last till is live again with the server's digest. Against raw
 * connections that come back to the same broker under the same changes, each with a token that it has and a till's names,
 * get fifty rows by one bare GET, and commit them to a bare SQLite file.
 *
 * Traps: tills wait up to 8 s between tries, on purpose, so that they do not all come at once; the raw ones wait alike, and
 * with few tills the time is that wait on both sides, and its ratio says little. What the work is tells the CPU time, of
 * broker, backend and database from when the broker is ready, and of the tills; it is also what other work on the machine
 * changes least. A round's tills are begun anew and live before the kill. The raw side has no backend to prove anything to,
 * and its bare server is not in its CPU time. Whether all are done is looked at every 0.3 s, which the tills' CPU
 * time has in it. Queries are counted in the backend's driver, from the last change on, so those that renew leases
 * and look for revocations are in all of them.
 */
export const b6: Benchmark = {
  id: 'B6',
  title: 'reconnect storm',
  run: async (context) => {
    const sizes = context.quick ? ([40, 80] as const) : ([250, 1_000] as const);
    await using storm = await startStorm(context, sizes[1]);
    const few = await compareStorms(context, storm, sizes[0]);
    const many = [await storm.product(sizes[1]), await storm.floor(sizes[1])] as const;
    return [...few.results, ...slopeOf(few, many, sizes)];
  },
};

/** What one storm cost. */
interface Sample {
  readonly tills: number;
  readonly ms: number;
  /** CPU time of broker, backend and database. */
  readonly serversMs: number;
  readonly tillsMs: number;
  /** Statements that read a catalog or its changes. */
  readonly reads: number;
  /** All statements. */
  readonly queries: number;
  readonly snapshots: number;
}

interface Storm extends AsyncDisposable {
  readonly product: (tills: number) => Promise<Sample>;
  readonly floor: (tills: number) => Promise<Sample>;
}

interface Compared {
  readonly results: readonly Result[];
  readonly products: readonly Sample[];
  readonly floors: readonly Sample[];
}

async function compareStorms(context: BenchContext, storm: Storm, tills: number): Promise<Compared> {
  const products: Sample[] = [];
  const floors: Sample[] = [];
  const kept = async (samples: Sample[], sampling: Promise<Sample>): Promise<Sample> => {
    const sample = await sampling;
    samples.push(sample);
    return sample;
  };
  const what = `${tills} tills return after ${CHANGES} changes of ${LICENSES.length} licenses each`;
  const results = await compareAll({
    product: () => kept(products, storm.product(tills)),
    floor: () => kept(floors, storm.floor(tills)),
    rounds: context.quick ? 1 : 3,
    rows: [
      { id: 'B6', what: `${what} / raw, with ${CHANGES} rows each`, maxRatio: 1.5, of: ({ ms }) => ms },
      {
        id: 'B6',
        what: 'the same, in CPU time of broker, backend and database for each',
        unit: 'ms CPU',
        maxRatio: 1.5,
        of: ({ serversMs }) => serversMs / tills,
      },
      {
        id: 'B6',
        what: 'the same, in CPU time of the tills for each',
        unit: 'ms CPU',
        maxRatio: 1.5,
        of: ({ tillsMs }) => tillsMs / tills,
      },
    ],
  });
  return { results, products, floors };
}

function slopeOf(
  few: Compared,
  [product, floor]: readonly [Sample, Sample],
  [fewer, more]: readonly [number, number],
): readonly Result[] {
  const { median: fewServersMs } = spreadOf(few.products.map(({ serversMs }) => serversMs / fewer));
  const { median: fewMs } = spreadOf(few.products.map(({ ms }) => ms));
  const all = [...few.products, product];
  return [
    single(`${more} tills return / raw`, 'ms', product.ms, floor.ms, 1.5),
    single(
      `${more} tills: CPU time of broker, backend and database for each / raw`,
      'ms CPU',
      product.serversMs / more,
      floor.serversMs / more,
      1.5,
    ),
    single(
      `growth: CPU time of the servers for each of ${more} tills / of ${fewer}`,
      'ms CPU',
      product.serversMs / more,
      fewServersMs,
      SLOPE_MAX,
    ),
    single(`growth: time of ${more} tills / of ${fewer}`, 'ms', product.ms, fewMs, more / fewer),
    single(
      `reads of catalogs or their changes, the most of all storms / 5 for each of ${LICENSES.length} licenses`,
      'queries',
      Math.max(...all.map(({ reads }) => reads)),
      5 * LICENSES.length,
      1,
    ),
    single(`snapshots, all storms / 1`, 'queries', Math.max(...all.map(({ snapshots }) => snapshots)), 1, 0),
    single(
      `all queries for a storm of ${more} tills / 5 for each of ${LICENSES.length} licenses`,
      'queries',
      product.queries,
      5 * LICENSES.length,
      1,
    ),
  ];
}

function single(
  what: string,
  unit: Result['unit'],
  product: number,
  floor: number,
  maxRatio: number,
): Result {
  const ratio = product / floor;
  return {
    id: 'B6',
    what,
    rounds: 1,
    unit,
    productMs: spreadOf([product]),
    floorMs: spreadOf([floor]),
    ratio: spreadOf([ratio]),
    maxRatio,
    met: ratio <= maxRatio,
    operations: null,
  };
}

async function startStorm(context: BenchContext, tillsMax: number): Promise<Storm> {
  await using stack = new AsyncDisposableStack();
  const folder = await context.folder();
  const { url: databaseUrl } = stack.use(await createDatabase(context.postgres.url));
  const system = stack.use(
    await startStormSystem({ databaseUrl, folder, licenseKeys: LICENSES, products: CHANGES }),
  );
  const database = stack.adopt(new Client({ connectionString: databaseUrl }), (client) => client.end());
  await database.connect();
  const tills = await enrollTills(databaseUrl, LICENSES, tillsMax);
  await system.commitEach(CHANGES);
  const delta = await deltaOf(system, database, tills[0]);
  const { backendUrl, amqpUrl, issuer } = system;
  const round = async (watch: Watch, count: number): Promise<Sample> => {
    await until(watch.isDone);
    await system.killBroker();
    await system.commitEach(CHANGES);
    await watch.aboutToReturn();
    await system.statements();
    const portOpenAtMs = await system.startBroker();
    const { broker, backend } = system.pids();
    const servers = (): number =>
      [broker, backend, context.postgres.pid].reduce((sum, pid) => sum + cpuTimeMs(pid), 0);
    const own = (): number => watch.pids.reduce((sum, pid) => sum + cpuTimeMs(pid), 0);
    const [serversBefore, ownBefore] = [servers(), own()];
    await until(watch.isDone);
    const ms = performance.now() - portOpenAtMs;
    const [serversMs, tillsMs] = [servers() - serversBefore, own() - ownBefore];
    const asked = await system.statements();
    return {
      tills: count,
      ms,
      serversMs,
      tillsMs,
      reads: sumOf(asked, (name) => /^read_(delta_page|snapshot|kind|rows|digests)/.test(name)),
      queries: sumOf(asked, () => true),
      snapshots: sumOf(asked, (name) => name.startsWith('read_snapshot')),
    };
  };
  const kept = stack.move();
  return {
    product: async (count) => {
      const some = tills.slice(0, count);
      const options = { backendUrl, amqpUrl, issuer, tills: some, processes: PROCESSES };
      await using fleet = await startTillFleet({ ...options, folder: join(folder, 'tills') });
      return await round(watchFleet(fleet, database), count);
    },
    floor: async (count) => {
      const logins = await inParallel(10, tills.slice(0, count), async (till) => ({
        ...till,
        token: await tokenOf(system, { ...till, key: await tillKeyOfPem(till.keyPem) }),
      }));
      const options = { tills: logins, amqpUrl, delta, processes: PROCESSES };
      await using raw = await startRawStorm({ ...options, folder: await context.folder() });
      return await round(watchRaw(raw), count);
    },
    [Symbol.asyncDispose]: () => kept.disposeAsync(),
  };
}

interface Watch {
  readonly isDone: () => Promise<boolean>;
  readonly aboutToReturn: () => Promise<void>;
  readonly pids: readonly number[];
}

/** Done: each is live at its license's newest version, with the server's digest. */
function watchFleet(fleet: TillFleet, database: Client): Watch {
  const isDone = async (): Promise<boolean> => {
    const { rows } = await database.query<{ key: string; version: string; digest: string }>(
      'SELECT l.key, c.version, c.digest FROM licenses l JOIN catalogs c ON c.license_id = l.id',
    );
    const heads = new Map(rows.map(({ key, version, digest }) => [key, `${version} ${digest}`]));
    const states = await fleet.states();
    return states.every(
      ({ status, version, digest }, index) =>
        status === 'live' && heads.get(fleet.tills[index]?.licenseKey ?? '') === `${version} ${digest}`,
    );
  };
  return { isDone, aboutToReturn: () => Promise.resolve(), pids: fleet.pids };
}

/** Done: each has attached and committed its rows once more than before. */
function watchRaw(raw: RawStorm): Watch {
  let before: readonly number[] = [];
  return {
    isDone: async () => (await raw.done()).every((count, index) => count > (before[index] ?? 0)),
    aboutToReturn: async () => {
      before = await raw.done();
    },
    pids: raw.pids,
  };
}

async function until(isDone: () => Promise<boolean>): Promise<void> {
  const giveUpAtMs = performance.now() + GIVE_UP_AFTER_MS;
  while (!(await isDone())) {
    if (performance.now() > giveUpAtMs) throw new Error('Not all tills were right in time.');
    await pause(LOOK_EVERY_MS);
  }
}

/** The bytes of the delta of all changes, as a till of the license gets it. */
async function deltaOf(
  system: StormSystem,
  database: Client,
  till: EnrolledTill | undefined,
): Promise<string> {
  if (till === undefined) throw new Error('A storm has tills.');
  const token = await tokenOf(system, { ...till, key: await tillKeyOfPem(till.keyPem) });
  const { rows } = await database.query<{ epoch: string }>(
    'SELECT c.epoch FROM licenses l JOIN catalogs c ON c.license_id = l.id WHERE l.key = $1',
    [till.licenseKey],
  );
  const query = `epoch=${rows[0]?.epoch}&since=1&limit=2000`;
  const headers = { authorization: `Bearer ${token}` };
  const answer = await fetch(`${system.backendUrl}${SYNC_PATHS.changes}?${query}`, { headers });
  if (!answer.ok) throw new Error(`The delta was refused: ${answer.status}`);
  return answer.text();
}

function sumOf(asked: Readonly<Record<string, number>>, counts: (name: string) => boolean): number {
  return Object.entries(asked).reduce((sum, [name, count]) => sum + (counts(name) ? count : 0), 0);
}
