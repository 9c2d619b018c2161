import { mkdir, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { ADMIN_PATHS, createdLicenseSchema } from '@tillcast/protocol/http/admin-api';
import { enrollTills, startTillFleet, type TillFleet } from '@tillcast/testkit/storm';
import { expect } from 'vitest';
import { eventually, SLOWNESS } from '../../failure/support/bounds.ts';
import { FleetTruth } from '../../failure/support/fleet-truth.ts';
import { changesOf, queryOnce } from '../../failure/support/queries.ts';
import { runCommand } from '../../support/command.ts';
import type { TestLicense } from '../../support/guarded-system.ts';
import { API_KEY, type Cluster, startCluster } from './cluster.ts';
import { listenInOrder, type OrderListener } from './order-listener.ts';
import { PRODUCTS_FILE, type PriceStream, startPriceStream } from './price-stream.ts';
import { type PublishedMarks, watchPublishedMarks } from './published-marks.ts';
import { openSellingTill, type SellingTill } from './selling-till.ts';
import { type WatchedFleet, watchFleet } from './watched-fleet.ts';

const SHOPS = ['ONE', 'TWO', 'THREE', 'FOUR', 'FIVE'].map((name) => `CLUSTER-LIFE-${name}`);
const QUIET_SHOP = 'CLUSTER-LIFE-QUIET';
const TILLS = Number(process.env['TILLCAST_TEST_CLUSTER_TILLS'] ?? 50);
const QUIET_TILLS = 2;
const CHANGES_PER_SECOND = Number(process.env['TILLCAST_TEST_CLUSTER_RATE'] ?? 10);
const RESULTS = fileURLToPath(new URL('../../../test-results', import.meta.url));

/** What one failure came to. */
export interface Figures {
  readonly failure: string;
  /** Until HAProxy sent nobody there any more; null where it was not asked. */
  readonly noticedMs: number | null;
  /** How many tills were not live for more than half a second. */
  readonly tillsLost: number;
  /** From the failure to the moment at which the last till was live again; 0 where none was lost. */
  readonly liveAgainMs: number;
  /** Something waited, and nothing was confirmed. */
  readonly publishingPausedMs: number;
  /** No change was acknowledged. */
  readonly commitsPausedMs: number;
}

export interface Failure {
  readonly name: string;
  /** What is done; the figures are counted from its start. */
  readonly strike: () => Promise<void> | void;
  /** Resolves when what was broken is there again. */
  readonly mend: () => Promise<void>;
  /** The server of haproxy.cfg that it befalls: how soon HAProxy notices is told apart. */
  readonly server?: string;
  /** At most, from when it was noticed; left out: not asked for. */
  readonly liveAgainWithinMs?: number;
  readonly publishingPausesAtMostMs?: number;
}

/** The cluster under a stream of price changes, with tills at it, and everything watched. */
export class Trial implements AsyncDisposable {
  readonly cluster: Cluster;
  readonly figures: Figures[] = [];
  readonly #stack: AsyncDisposableStack;
  readonly #fleet: TillFleet;
  readonly #quiet: TillFleet;
  readonly #truth: FleetTruth;
  readonly #watched: WatchedFleet;
  readonly #marks: PublishedMarks;
  readonly #stream: PriceStream;
  readonly #listeners: readonly OrderListener[];
  readonly #selling: SellingTill;

  private constructor(parts: {
    readonly cluster: Cluster;
    readonly stack: AsyncDisposableStack;
    readonly fleet: TillFleet;
    readonly quiet: TillFleet;
    readonly truth: FleetTruth;
    readonly watched: WatchedFleet;
    readonly marks: PublishedMarks;
    readonly stream: PriceStream;
    readonly listeners: readonly OrderListener[];
    readonly selling: SellingTill;
  }) {
    this.cluster = parts.cluster;
    this.#stack = parts.stack;
    this.#fleet = parts.fleet;
    this.#quiet = parts.quiet;
    this.#truth = parts.truth;
    this.#watched = parts.watched;
    this.#marks = parts.marks;
    this.#stream = parts.stream;
    this.#listeners = parts.listeners;
    this.#selling = parts.selling;
  }

  /** Starts everything; resolves when all tills are live and prices change. */
  static async begin(): Promise<Trial> {
    await using stack = new AsyncDisposableStack();
    const cluster = stack.use(await startCluster());
    const licenses: TestLicense[] = [];
    for (const key of [...SHOPS, QUIET_SHOP]) licenses.push(await createShop(cluster, key));
    const { apiUrl: backendUrl, apiUrl: issuer, amqpUrl, caPem, databaseUrl } = cluster;
    const open = async (keys: readonly string[], count: number, processes: number): Promise<TillFleet> =>
      stack.use(
        await startTillFleet({
          backendUrl,
          issuer,
          amqpUrl,
          caPem,
          tills: await enrollTills(databaseUrl, keys, count),
          processes,
          folder: join(cluster.folder, 'tills'),
        }),
      );
    const fleet = await open(SHOPS, TILLS - QUIET_TILLS, 2);
    const quiet = await open([QUIET_SHOP], QUIET_TILLS, 1);
    const [first] = licenses;
    if (first === undefined) throw new Error('There is at least one shop.');
    const selling = stack.use(await openSellingTill(cluster, first));
    const listeners: OrderListener[] = [];
    for (const key of SHOPS)
      listeners.push(stack.use(await listenInOrder(key, cluster.administratorUrl, caPem)));
    const truth = stack.use(new FleetTruth(databaseUrl, fleet));
    const watched = stack.use(watchFleet(fleet));
    await eventually(() => expect(watched.live()).toBe(fleet.tills.length));
    const marks = stack.use(watchPublishedMarks(databaseUrl));
    const stream = await startPriceStream(cluster, SHOPS, CHANGES_PER_SECOND);
    stack.defer(() => stream.stop());
    await eventually(() => {
      for (const [shop, results] of stream.acknowledged) expect(results.length, shop).toBeGreaterThan(3);
    });
    return new Trial({
      cluster,
      stack: stack.move(),
      fleet,
      quiet,
      truth,
      watched,
      marks,
      stream,
      listeners,
      selling,
    });
  }

  /** Lets one thing fail, and holds what came of it against what is promised. */
  async suffer(failure: Failure): Promise<void> {
    this.#takeAll();
    const struckAtMs = performance.now();
    await failure.strike();
    const noticing = this.#noticed(failure, struckAtMs);
    await failure.mend();
    const noticedMs = await noticing;
    await eventually(() => expect(this.#watched.live(), failure.name).toBe(this.#fleet.tills.length));
    const { tills: tillsLost, overAtMs } = this.#watched.take();
    const figures: Figures = {
      failure: failure.name,
      noticedMs,
      tillsLost,
      liveAgainMs: overAtMs === null ? 0 : Math.round(overAtMs - struckAtMs),
      publishingPausedMs: this.#marks.takePauseMs(),
      commitsPausedMs: this.#stream.takePauseMs(),
    };
    this.figures.push(figures);
    console.log(JSON.stringify(figures));
    await this.#checkPromises();
    const { liveAgainWithinMs = Infinity, publishingPausesAtMostMs = Infinity } = failure;
    expect(figures.liveAgainMs, failure.name).toBeLessThanOrEqual(
      (noticedMs ?? 0) + liveAgainWithinMs * SLOWNESS,
    );
    expect(figures.publishingPausedMs, failure.name).toBeLessThanOrEqual(publishingPausesAtMostMs * SLOWNESS);
  }

  /** Ends the stream, and looks at everything once more. */
  async finish(): Promise<void> {
    await this.#stream.stop();
    await this.#selling.settle();
    await this.#checkPromises();
    const heads = await this.#heads();
    await eventually(async () => {
      for (const [index, state] of (await this.#fleet.states()).entries()) {
        const head = heads.get(this.#fleet.tills[index]?.licenseKey ?? '');
        expect({ status: state.status, version: state.version, digest: state.digest }).toEqual({
          status: 'live',
          ...head,
        });
      }
    });
    // What their files hold, and not only what they say.
    for (const [index, sum] of (await this.#fleet.contents()).entries())
      expect(heads.get(this.#fleet.tills[index]?.licenseKey ?? '')?.digest).toBe(sum);
    await this.#truth.stop();
    await this.#writeFigures();
  }

  [Symbol.asyncDispose](): Promise<void> {
    return this.#stack.disposeAsync();
  }

  /** Resolves to how long HAProxy took to send nobody to the failure's server any more. */
  async #noticed({ name, server }: Failure, sinceMs: number): Promise<number | null> {
    if (server === undefined) return null;
    const isDown = new RegExp(
      `^haproxy_server_status\\{[^}]*server="${server}"[^}]*state="DOWN"[^}]*\\} 1$`,
      'm',
    );
    await eventually(async () => {
      expect(isDown.test(await this.cluster.balancer.metrics()), `${name} was noticed`).toBe(true);
    });
    return Math.round(performance.now() - sinceMs);
  }

  #takeAll(): void {
    this.#watched.take();
    this.#marks.takePauseMs();
    this.#stream.takePauseMs();
  }

  /** P1, P2, P7 as far as it shows, what was acknowledged, and the order in which relays published. */
  async #checkPromises(): Promise<void> {
    expect((await this.#quiet.counts())['message_received'] ?? 0).toBe(0);
    for (const shop of SHOPS) {
      const logged = await changesOf(this.cluster.databaseUrl, shop);
      expect(
        logged.map(({ version }) => version),
        shop,
      ).toEqual(logged.map((_, index) => index + 1));
      for (const { version, digest } of this.#stream.acknowledged.get(shop) ?? [])
        expect(logged[version - 1]?.digest, `${shop} ${version}`).toBe(digest);
    }
    for (const listener of this.#listeners) listener.check();
    // It goes on selling, whatever is gone.
    const before = this.#selling.saved();
    await eventually(() => expect(this.#selling.saved()).toBeGreaterThan(before));
  }

  async #heads(): Promise<ReadonlyMap<string, { readonly version: number; readonly digest: string }>> {
    const sql = `SELECT l.key, c.version::integer AS version, c.digest
      FROM licenses l JOIN catalogs c ON c.license_id = l.id`;
    const rows = (await queryOnce(this.cluster.databaseUrl, sql)) as readonly {
      readonly key: string;
      readonly version: number;
      readonly digest: string;
    }[];
    return new Map(rows.map(({ key, ...head }) => [key, head]));
  }

  async #writeFigures(): Promise<void> {
    await mkdir(join(RESULTS, 'cluster'), { recursive: true });
    const name = this.figures[0]?.failure.replaceAll(/\W+/g, '-') ?? 'none';
    await writeFile(join(RESULTS, 'cluster', `${name}.json`), JSON.stringify(this.figures, null, 2));
  }
}

async function createShop(cluster: Cluster, key: string): Promise<TestLicense> {
  const answer = await cluster.fetch(cluster.apiUrl + ADMIN_PATHS.licenses, {
    method: 'POST',
    headers: { authorization: `Bearer ${API_KEY}`, 'content-type': 'application/json' },
    body: JSON.stringify({ key, terminals_max: 100 }),
  });
  const text = await answer.text();
  if (!answer.ok) throw new Error(`${key} was not created: ${answer.status} ${text}`);
  const license = { key, activationCode: createdLicenseSchema.parse(JSON.parse(text)).activation_code };
  if (key === QUIET_SHOP) return license;
  const argv = ['import', PRODUCTS_FILE, '--license', key];
  const imported = await runCommand(argv, { env: cluster.shell, cwd: cluster.folder });
  if (imported.code !== 0) throw new Error(`The catalog of ${key} was not imported: ${imported.err}`);
  return license;
}
