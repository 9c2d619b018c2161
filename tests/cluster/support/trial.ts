import { join } from 'node:path';
import { enrollTills, startTillFleet, type TillFleet } from '@tillcast/testkit/storm';
import { expect } from 'vitest';
import { eventually, SLOWNESS } from '../../failure/support/bounds.ts';
import { FleetTruth } from '../../failure/support/fleet-truth.ts';
import type { TestLicense } from '../../support/guarded-system.ts';
import { type Cluster, startCluster } from './cluster.ts';
import { type Figures, keepFigures } from './figures.ts';
import { listenInOrder, type OrderListener } from './order-listener.ts';
import { type PriceStream, startPriceStream } from './price-stream.ts';
import { checkChangeLogs, headsOf } from './promises.ts';
import { type PublishedMarks, watchPublishedMarks } from './published-marks.ts';
import { openSellingTill, type SellingTill } from './selling-till.ts';
import { createShop, QUIET_SHOP, SHOPS } from './shops.ts';
import { type WatchedFleet, watchFleet } from './watched-fleet.ts';

const TILLS = Number(process.env['TILLCAST_TEST_CLUSTER_TILLS'] ?? 50);
const QUIET_TILLS = 2;
const CHANGES_PER_SECOND = Number(process.env['TILLCAST_TEST_CLUSTER_RATE'] ?? 10);

export interface Failure {
  readonly name: string;
  /** What is done; the figures are counted from its start. */
  readonly strike: () => Promise<void> | void;
  /** Resolves when what was broken is there again. */
  readonly mend: () => Promise<void>;
  /** The server of haproxy.cfg that it befalls: how soon HAProxy notices is told apart. */
  readonly server?: string;
  /** At most, from when it was noticed; left out: not asked for. */
  readonly attachedAgainWithinMs?: number;
  readonly liveAgainWithinMs?: number;
  readonly publishingPausesAtMostMs?: number;
}

interface Parts {
  readonly cluster: Cluster;
  readonly fleet: TillFleet;
  readonly quiet: TillFleet;
  readonly truth: FleetTruth;
  readonly watched: WatchedFleet;
  readonly marks: PublishedMarks;
  readonly stream: PriceStream;
  readonly listeners: readonly OrderListener[];
  readonly selling: SellingTill;
}

/** The cluster under a stream of price changes, with tills at it, and everything watched. */
export class Trial implements AsyncDisposable {
  readonly #parts: Parts;
  readonly #stack: AsyncDisposableStack;
  readonly #figures: Figures[] = [];
  /** Bounds that were not kept: told at the end, so that every failure is seen. */
  readonly #misses: string[] = [];

  private constructor(parts: Parts, stack: AsyncDisposableStack) {
    this.#parts = parts;
    this.#stack = stack;
  }

  get cluster(): Cluster {
    return this.#parts.cluster;
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
    const parts = { cluster, fleet, quiet, truth, watched, marks, stream, listeners, selling };
    return new Trial(parts, stack.move());
  }

  /** Lets one thing fail, and holds what came of it against what is promised. */
  async suffer(failure: Failure): Promise<void> {
    const { watched, marks, stream, fleet } = this.#parts;
    for (const take of [watched.take, marks.takePauseMs, stream.takePauseMs]) take();
    const struckAtMs = performance.now();
    await failure.strike();
    const noticing = this.#noticed(failure, struckAtMs);
    await failure.mend();
    const noticedMs = await noticing;
    await eventually(() => expect(watched.live(), failure.name).toBe(fleet.tills.length));
    const { attached, live } = watched.take();
    const sinceStruck = (atMs: number | null): number => (atMs === null ? 0 : Math.round(atMs - struckAtMs));
    const figures: Figures = {
      failure: failure.name,
      noticedMs,
      tillsDetached: attached.tills,
      attachedAgainMs: sinceStruck(attached.overAtMs),
      tillsNotLive: live.tills,
      liveAgainMs: sinceStruck(live.overAtMs),
      publishingPausedMs: marks.takePauseMs(),
      commitsPausedMs: stream.takePauseMs(),
    };
    this.#figures.push(figures);
    console.log(JSON.stringify(figures));
    await keepFigures(this.#figures);
    await this.#checkPromises();
    this.#judge(failure, figures);
  }

  /** Ends the stream, and looks at everything once more. */
  async finish(): Promise<void> {
    const { stream, selling, fleet, truth, cluster } = this.#parts;
    await stream.stop();
    await selling.settle();
    await this.#checkPromises();
    const heads = await headsOf(cluster.databaseUrl);
    await eventually(async () => {
      for (const [index, { status, version, digest }] of (await fleet.states()).entries()) {
        const head = heads.get(fleet.tills[index]?.licenseKey ?? '');
        expect({ status, version, digest }).toEqual({ status: 'live', ...head });
      }
    });
    // What their files hold, and not only what they say.
    for (const [index, sum] of (await fleet.contents()).entries())
      expect(heads.get(fleet.tills[index]?.licenseKey ?? '')?.digest).toBe(sum);
    await truth.stop();
    expect(this.#misses).toEqual([]);
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

  /** Isolation, what was acknowledged, the order in which relays published, and that tills sell on. */
  async #checkPromises(): Promise<void> {
    const { quiet, cluster, stream, listeners, selling } = this.#parts;
    expect((await quiet.counts())['message_received'] ?? 0).toBe(0);
    await checkChangeLogs(cluster.databaseUrl, stream.acknowledged);
    for (const listener of listeners) listener.check();
    selling.check();
  }

  #judge(failure: Failure, figures: Figures): void {
    const { noticedMs, attachedAgainMs, liveAgainMs, publishingPausedMs } = figures;
    const { name, attachedAgainWithinMs = Infinity, liveAgainWithinMs = Infinity } = failure;
    const { publishingPausesAtMostMs = Infinity } = failure;
    if (attachedAgainMs > (noticedMs ?? 0) + attachedAgainWithinMs * SLOWNESS)
      this.#misses.push(`${name}: the last till was attached again after ${attachedAgainMs} ms`);
    if (liveAgainMs > (noticedMs ?? 0) + liveAgainWithinMs * SLOWNESS)
      this.#misses.push(`${name}: the last till was live again after ${liveAgainMs} ms`);
    if (publishingPausedMs > publishingPausesAtMostMs * SLOWNESS)
      this.#misses.push(`${name}: publishing paused for ${publishingPausedMs} ms`);
  }
}
