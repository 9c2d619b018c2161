import { mkdir } from 'node:fs/promises';
import { join } from 'node:path';
import { setTimeout as pause } from 'node:timers/promises';
import type { TillcastError } from '@tillcast/protocol/errors';
import type { LicenseKey } from '@tillcast/protocol/license-key';
import type { HostOrder, HostReport } from './host-messages.ts';
import { Outages } from './outages.ts';
import type { RecordedSale } from './recorded-sales.ts';
import { drawBelow, seededRandom } from './seeded-random.ts';
import { SimulationTally } from './simulation-tally.ts';
import type { Stage } from './stage.ts';
import { startTillHost, type TillHost } from './till-host.ts';

export interface SimulationOptions {
  readonly tills: number;
  readonly processes: number;
  /** Over all tills, whatever they do. */
  readonly salesPerSecond: number;
  /** How many of the tills are cut off at any moment: 0 to 1. */
  readonly offlineShare: number;
  readonly seconds: number;
  readonly seed: number;
  /** Where the tills' files go. */
  readonly folder: string;
  readonly backendUrl: string;
  readonly caPem: string | null;
  readonly recording: readonly RecordedSale[];
  /** Ends the selling; what was sold is still handed in. */
  readonly signal: AbortSignal;
}

/** What a simulation does at a moment. */
export type Phase = 'opening' | 'selling' | 'handing in' | 'over';

const LOOK_EVERY_MS = 200;
/** So long nothing happens before a phase is given up: longer than a till waits between two tries. */
const PATIENCE_MS = 90_000;

/** Tills that sell, in a few processes. */
export class Simulation {
  readonly tally: SimulationTally = new SimulationTally();
  phase: Phase = 'opening';
  /** When the selling ends, by `performance.now()`. */
  sellingUntilMs = 0;
  readonly #options: SimulationOptions;
  readonly #stage: Stage;
  readonly #hosts: TillHost[] = [];
  readonly #terminalIds: string[] = [];
  readonly #random: () => number;
  readonly #outages: Outages;
  #failure: TillcastError | null = null;

  constructor(options: SimulationOptions, stage: Stage) {
    this.#options = options;
    this.#stage = stage;
    this.#random = seededRandom(options.seed);
    this.#outages = new Outages(options.tills, options.offlineShare, this.#random);
  }

  get terminalIds(): readonly string[] {
    return this.#terminalIds;
  }

  get cutOff(): number {
    return this.#outages.cutOff.size;
  }

  /** Opens the tills, sells, and hands in what is left. Stop it whatever comes of it. @throws TillcastError */
  async run(): Promise<void> {
    await this.#open();
    if (this.#options.signal.aborted) return;
    await this.#sell();
    await this.#handIn();
    this.phase = 'over';
  }

  async stop(): Promise<void> {
    await Promise.all(this.#hosts.map((host) => host.stop()));
  }

  async #open(): Promise<void> {
    const { tills, processes, folder, backendUrl, caPem, signal } = this.#options;
    const { license, admission, brokerCaPem } = this.#stage;
    await mkdir(folder, { recursive: true });
    for (let index = 0; index < processes; index += 1) {
      const live = { index, report: (report: HostReport): void => this.#take(index, report) };
      const fail = (error: TillcastError): void => void (this.#failure ??= error);
      this.#hosts.push(await startTillHost(join(folder, `process-${index + 1}.log`), live.report, fail));
    }
    for (const [index, host] of this.#hosts.entries()) {
      const own = Array.from({ length: tills }, (_, place) => place).filter(
        (place) => place % processes === index,
      );
      const plans = own.map((place) => planOf(place, license, folder));
      host.send({ order: 'open', backendUrl, caPem, brokerCaPem, admission, tills: plans });
    }
    await this.#until(
      () => signal.aborted || this.tally.live === tills,
      () => this.tally.opened * tills + this.tally.live,
    );
  }

  /** Customers come evenly, whatever the tills do with those before. */
  async #sell(): Promise<void> {
    const { salesPerSecond, seconds, recording, tills, signal } = this.#options;
    this.phase = 'selling';
    const startedAtMs = performance.now();
    this.sellingUntilMs = startedAtMs + seconds * 1_000;
    const customers = Math.round(salesPerSecond * seconds);
    for (let customer = 0; customer < customers && !signal.aborted; ) {
      this.#throwFailure();
      const dueAtMs = startedAtMs + (customer * 1_000) / salesPerSecond;
      const waitMs = dueAtMs - performance.now();
      this.#moveOutages();
      if (waitMs > 0) {
        await pause(Math.min(waitMs, LOOK_EVERY_MS));
        continue;
      }
      const { basket = [] } = recording[customer % recording.length] ?? {};
      const place = drawBelow(tills, this.#random);
      this.tally.asked += 1;
      this.#send(place, { order: 'sell', place, basket, dueAtMs: performance.timeOrigin + dueAtMs });
      customer += 1;
    }
    while (performance.now() < this.sellingUntilMs && !signal.aborted) {
      this.#moveOutages();
      await pause(LOOK_EVERY_MS);
    }
  }

  /** The network is mended everywhere, and what waits is sent. */
  async #handIn(): Promise<void> {
    this.phase = 'handing in';
    for (const place of this.#outages.end()) this.#send(place, { order: 'link', place, cut: false });
    await this.#until(
      () => this.tally.served === this.tally.asked && this.tally.unanswered === 0,
      () => this.tally.served + this.tally.answered,
    );
    for (const { waiting, rejected } of await Promise.all(this.#hosts.map((host) => host.count()))) {
      this.tally.addUnsent(waiting, rejected);
    }
  }

  #moveOutages(): void {
    const { cut, mended } = this.#outages.step(performance.now());
    for (const place of mended) this.#send(place, { order: 'link', place, cut: false });
    for (const place of cut) this.#send(place, { order: 'link', place, cut: true });
    this.tally.outages += cut.length;
  }

  #send(place: number, order: HostOrder): void {
    this.#hosts[place % this.#hosts.length]?.send(order);
  }

  #take(host: number, report: HostReport): void {
    if (report.told === 'opened') this.#terminalIds.push(report.terminalId);
    this.tally.take(host, report);
  }

  /** Waits until something is so, as long as there is progress. */
  async #until(isSo: () => boolean, progress: () => number): Promise<void> {
    let [before, sinceMs] = [progress(), performance.now()];
    while (!isSo()) {
      this.#throwFailure();
      await pause(LOOK_EVERY_MS);
      const now = progress();
      if (now !== before || this.tally.held !== null) [before, sinceMs] = [now, performance.now()];
      if (performance.now() - sinceMs > PATIENCE_MS) return;
    }
  }

  #throwFailure(): void {
    if (this.#failure !== null) throw this.#failure;
  }
}

function planOf(
  place: number,
  licenseKey: LicenseKey,
  folder: string,
): Extract<HostOrder, { order: 'open' }>['tills'][number] {
  const number = String(place + 1).padStart(4, '0');
  return { place, licenseKey, name: `Simulated ${number}`, folder: join(folder, `till-${number}`) };
}
