import { silentLogger } from '@tillcast/broker';
import type { TillInstance } from '@tillcast/protocol/http/status-api';
import { LICENSE_KEY_HEADER, TERMINAL_ID_HEADER } from '@tillcast/protocol/http/sync-api';
import { ITEM_KINDS } from '@tillcast/protocol/items/kind';
import type { LicenseKey } from '@tillcast/protocol/license-key';
import { statusOf, type TerminalStatusNow } from '@tillcast/protocol/replica/status';
import { bindingsOf } from '@tillcast/protocol/routing';
import {
  Counters,
  countStart,
  isoOf,
  ReplicaDriver,
  SteadyTime,
  SyncClient,
  type TillClock,
} from '@tillcast/terminal/internals';
import { type ApiAccess, ApiLine } from './api-line.ts';
import type { SimulatedBroker } from './broker.ts';
import { SimulatedProcess } from './process.ts';
import type { Random } from './random.ts';
import { checkSimulatedSignature, simulatedKeys } from './signer.ts';
import type { Surroundings } from './surroundings.ts';
import { copyData, flipByte, flipInText, folderOf } from './till-files.ts';
import { TillLine } from './till-line.ts';
import { SimulatedSales } from './till-sales.ts';
import { type CommitFate, SimulatedTillStore } from './till-store.ts';
import type { TillWatch } from './till-watch.ts';

export interface SimulatedTillOptions {
  readonly name: string;
  readonly terminalId: string;
  readonly licenseKey: LicenseKey;
  readonly path: string;
  readonly broker: SimulatedBroker;
  readonly api: ApiAccess;
  readonly watch: TillWatch;
  /** Whether it has sales at all. */
  readonly sells: boolean;
  readonly skewMs: number;
}

/** Who died over a sale is started again after so long: somebody stands there. */
const RESTARTED_AFTER_MS = 2_000;

interface Running {
  readonly process: SimulatedProcess;
  readonly store: SimulatedTillStore;
  readonly sales: SimulatedSales | null;
  readonly driver: ReplicaDriver;
  readonly line: TillLine;
  readonly counters: Counters;
  readonly clock: TillClock;
}

/**
 * One till: the real replica driver, inbox, sync client and SQLite store, over a simulated network, clock and
 * disk. Its file outlives its processes.
 */
export class SimulatedTill {
  readonly options: SimulatedTillOptions;
  readonly #surroundings: Surroundings;
  readonly #random: Random;
  readonly #salesRandom: Random;
  #skewMs: number;
  #diskFullUntilMs = -1;
  #starts = 0;
  #running: Running | null = null;
  #shutOut = false;
  /** Files of processes that died within a commit. */
  readonly #closing = new Set<{ close(): void }>();

  constructor(surroundings: Surroundings, options: SimulatedTillOptions) {
    this.options = options;
    this.#surroundings = surroundings;
    this.#skewMs = options.skewMs;
    this.#random = surroundings.random.fork(`disk of ${options.name}`);
    this.#salesRandom = surroundings.random.fork(`disk of sales of ${options.name}`);
  }

  get running(): Running | null {
    return this.#running;
  }

  get status(): TerminalStatusNow | null {
    const running = this.#running;
    return running === null
      ? null
      : statusOf(running.driver.state, running.clock.steadyMs(), running.sales?.unsent ?? 0);
  }

  start(): void {
    if (this.#running !== null) return;
    const { name, licenseKey, path, broker, watch } = this.options;
    this.#starts += 1;
    this.#surroundings.trace.add('till starts', () => name);
    const process = new SimulatedProcess(name, this.#surroundings.scheduler);
    const steady = new SteadyTime(
      () => this.#clockMs(),
      () => this.#surroundings.scheduler.nowMs,
    );
    const clock: TillClock = {
      nowMs: () => this.#clockMs(),
      steadyMs: () => steady.nowMs(),
      after: (delayMs, callback) => process.after(delayMs, callback),
    };
    const counters = new Counters();
    const ids = this.#surroundings.random.fork(`ids of ${name}, start ${this.#starts}`);
    const random = this.#surroundings.random.fork(`decisions of ${name}, start ${this.#starts}`);
    const store = new SimulatedTillStore({
      path,
      licenseKey,
      onSetAside: ({ reason }) => watch.setAside(reason),
      fate: () => this.#fate(process, this.#random),
      crash: () => this.crash('while it commits'),
      onApplied: (kind, from, to) => watch.applied(kind, from, to),
      onMismatch: (kind, to) => watch.mismatch(kind, to),
      onNotice: (notice) => watch.noticed(notice),
    });
    const sales = this.#sales(process, clock, store, () => isoOf(driver.serverClock.nowMs()));
    const driver: ReplicaDriver = new ReplicaDriver({
      licenseKey,
      store,
      client: this.#client(process, clock),
      keys: simulatedKeys,
      checkSignature: checkSimulatedSignature,
      clock,
      random: () => random.next(),
      unsentSales: () => sales?.unsent ?? 0,
      onHistory: (epoch) => sales?.heardHistory(epoch),
      instance: this.#startsOnDisk(() => ids.uuid()),
      counters,
      logger: silentLogger,
      onNews: () => undefined,
      onDeafLine: () => {
        this.#surroundings.trace.add('deaf', () => name);
        process.after(1, () => line.renew());
      },
    });
    const line = new TillLine(this.#surroundings, process, broker, bindingsOf(licenseKey), {
      attached: () => driver.attached(),
      detached: () => driver.detached(),
      deliver: (delivery) => driver.deliver(delivery),
      mayEnter: () => !this.#shutOut,
    });
    this.#running = { process, store, sales, driver, line, counters, clock };
    watch.started(store);
    driver.start();
    line.start();
    sales?.start();
  }

  /** Somebody presses the button. */
  syncNow(): void {
    this.#running?.driver.requestSync();
    this.#running?.sales?.sendNow();
  }

  /** As by a power cut: nothing is done any more, nothing told to anyone; the file stays. */
  crash(when: string): void {
    const running = this.#running;
    if (running === null) return;
    this.#running = null;
    this.#surroundings.trace.add('till dies', () => `${this.options.name} ${when}`);
    running.process.kill();
    running.line.stop();
    // Within a commit the store is still in use: its file is closed by the time anything else happens.
    this.#closing.add(running.store);
    if (running.sales !== null) this.#closing.add(running.sales);
    this.#surroundings.scheduler.after(0, () => this.#closeFiles());
  }

  /** The broker closes its line and lets it in no more. */
  shutOut(): void {
    this.#shutOut = true;
    this.#running?.line.line.cut();
  }

  letIn(): void {
    this.#shutOut = false;
  }

  /** Gives back what the run used. */
  dispose(): void {
    this.crash('as the run ends');
    this.#closeFiles();
  }

  #closeFiles(): void {
    for (const file of this.#closing) file.close();
    this.#closing.clear();
  }

  freeze(untilMs: number): void {
    this.#running?.process.freeze(untilMs);
  }

  /** The clock is set: by so much ahead, or back. */
  setClock(byMs: number): void {
    this.#skewMs += byMs;
  }

  fillDisk(untilMs: number): void {
    this.#diskFullUntilMs = untilMs;
  }

  /** Flips one byte of the file, wherever it is; false, and nothing done, while the till runs. */
  corrupt(where: number): boolean {
    if (this.#running !== null) return false;
    flipByte(this.folder, where);
    return true;
  }

  /** A byte of the file flips under the till while it runs; false where it does not run, or has no row yet. */
  rot(where: number, inText: boolean): boolean {
    const { store } = this.#running ?? {};
    if (store === undefined) return false;
    if (!inText) {
      flipByte(this.folder, where);
      return true;
    }
    const texts = ITEM_KINDS.flatMap((kind) => store.bodies(kind));
    const text = texts[Math.floor(where * texts.length)];
    return text !== undefined && flipInText(this.folder, text, (where * texts.length) % 1);
  }

  /** Where its data are. */
  get folder(): string {
    return folderOf(this.options.path);
  }

  /** It goes on with a copy of its data. @param downMs how long that takes */
  goBackTo(copy: string, downMs: number, done: () => void): void {
    this.crash('to be put back');
    this.#surroundings.scheduler.after(downMs, () => {
      if (this.#running !== null) return;
      copyData(copy, this.folder);
      done();
      this.start();
    });
  }

  heal(): void {
    this.#diskFullUntilMs = -1;
    this.#shutOut = false;
    this.#running?.process.thaw();
  }

  /** Counts the start at once, or, where the disk is full, as soon as it is asked for and the disk is not. */
  #startsOnDisk(newId: () => string): () => TillInstance | null {
    let count: (() => TillInstance | null) | null = null;
    const tell = (): TillInstance | null => {
      if (count === null && this.#isDiskFull) return null;
      count ??= countStart(this.folder, silentLogger, newId);
      return count();
    };
    tell();
    return tell;
  }

  get #isDiskFull(): boolean {
    return this.#surroundings.scheduler.nowMs < this.#diskFullUntilMs;
  }

  #clockMs(): number {
    return this.#surroundings.wallMs() + this.#skewMs;
  }

  #fate(process: SimulatedProcess, random: Random): CommitFate {
    const { storeFull, crashBeforeCommit, crashAfterCommit } = this.#surroundings.rates();
    const fate = random.next();
    if (!process.alive || this.#isDiskFull) return 'full';
    if (fate < storeFull) return 'full';
    if (fate < storeFull + crashBeforeCommit) return 'crashBefore';
    return fate < storeFull + crashBeforeCommit + crashAfterCommit ? 'crashAfter' : 'done';
  }

  #sales(
    process: SimulatedProcess,
    clock: TillClock,
    store: SimulatedTillStore,
    now: () => string,
  ): SimulatedSales | null {
    const { sells, name, api, watch } = this.options;
    if (!sells) return null;
    return new SimulatedSales(this.#surroundings, {
      till: this.options,
      folder: this.folder,
      life: `${name}, start ${this.#starts}`,
      process,
      clock,
      store,
      fetch: new ApiLine(this.#surroundings, process, api, (path) => watch.asked(path), 'sales').fetch,
      watch: watch.sales,
      fate: () => this.#salesFate(process),
      crash: () => {
        this.crash('while it saves');
        this.#surroundings.scheduler.after(RESTARTED_AFTER_MS, () => this.start());
      },
      now,
    });
  }

  #salesFate(process: SimulatedProcess): CommitFate {
    const random = this.#salesRandom;
    const fate = this.#fate(process, random);
    const { crashWhileSaving } = this.#surroundings.rates();
    if (fate !== 'done' || !random.chance(crashWhileSaving)) return fate;
    return random.chance(0.5) ? 'crashBefore' : 'crashAfter';
  }

  #client(process: SimulatedProcess, clock: TillClock): SyncClient {
    const { licenseKey, terminalId, api, watch } = this.options;
    const headers = { [LICENSE_KEY_HEADER]: licenseKey, [TERMINAL_ID_HEADER]: terminalId };
    const line = new ApiLine(this.#surroundings, process, api, (path) => watch.asked(path));
    const peer = {
      baseUrl: 'http://simulated',
      licenseKey,
      credentials: { headers: () => Promise.resolve(headers), isOutdated: () => false },
      fetch: line.fetch,
      after: (delayMs: number, callback: () => void) => clock.after(delayMs, callback),
    };
    return new SyncClient(peer, () => clock.steadyMs());
  }
}
