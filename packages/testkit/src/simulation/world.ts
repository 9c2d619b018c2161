import { basename, join } from 'node:path';
import { type Change, waitingChangeOf } from '@tillcast/backend/internals';
import { parseLicenseKey } from '@tillcast/protocol/license-key';
import { PROOF_MAX_AGE_MS } from '@tillcast/protocol/replica/status';
import { CATALOG_FILE } from '@tillcast/terminal/internals';
import { AnswerWatch } from './answer-watch.ts';
import type { ApiHealth } from './api-line.ts';
import { SimulatedBroker } from './broker.ts';
import { Chronicle } from './chronicle.ts';
import { drained } from './drained.ts';
import { MemoryDatabase } from './memory-database.ts';
import { NO_FAULTS, type Rates } from './mix.ts';
import { Partitions } from './partitions.ts';
import type { Plan } from './plan.ts';
import { PublicationWatch } from './publication-watch.ts';
import { Random } from './random.ts';
import { SimulatedRelay } from './relay-process.ts';
import { SalesTruth } from './sales-truth.ts';
import { SalesWatch } from './sales-watch.ts';
import { Scheduler } from './scheduler.ts';
import { simulatedSigner } from './signer.ts';
import type { Surroundings } from './surroundings.ts';
import { SimulatedSyncApi } from './sync-api.ts';
import { SimulatedTill } from './till.ts';
import { type FileMemory, TillWatch, textOf } from './till-watch.ts';
import { Trace } from './trace.ts';
import type { BrokenRule, Violation } from './violation.ts';

/** The server's wall clock at the beginning. */
const BEGIN_MS = Date.UTC(2026, 0, 1);

export interface WorldOptions {
  /** Where tills' files are. */
  readonly folder: string;
  readonly keepTrace: boolean;
}

/** A till with whom it belongs to and who looks at it. */
export interface Seat {
  readonly licenseId: number;
  readonly till: SimulatedTill;
  readonly watch: TillWatch;
}

interface NewSeat extends Pick<Seat, 'licenseId'> {
  readonly name: string;
  readonly path: string;
  readonly terminalId: string;
}

/** Everything there is in a run: licenses, tills, relays, broker, API and the truth about them. */
export class World {
  readonly plan: Plan;
  readonly trace: Trace;
  readonly scheduler: Scheduler = new Scheduler();
  readonly surroundings: Surroundings;
  readonly broker: SimulatedBroker;
  readonly chronicle: Chronicle;
  readonly relays: readonly SimulatedRelay[];
  readonly answers: AnswerWatch;
  readonly sales: SalesTruth;
  readonly #apis: readonly SimulatedSyncApi[];
  readonly #seats: Seat[];
  readonly #folder: string;
  database: MemoryDatabase;
  apiHealth: ApiHealth = 'well';
  readonly #committers: Random;
  readonly #skews: Random;
  #rates: Readonly<Rates>;
  #violation: Violation | null = null;
  #epochs = 0;
  #ids = 0;
  #folders = 0;

  constructor(plan: Plan, options: WorldOptions) {
    this.plan = plan;
    this.#rates = plan.mix.rates;
    const { scheduler } = this;
    this.trace = new Trace(() => scheduler.nowMs, options.keepTrace);
    this.surroundings = {
      scheduler,
      trace: this.trace,
      partitions: new Partitions(() => scheduler.nowMs),
      rates: () => this.#rates,
      random: new Random(`world ${plan.seed}`),
      wallMs: () => BEGIN_MS + Math.floor(scheduler.nowMs),
      broken: (rule, detail) => this.broken(rule, detail),
    };
    this.#skews = this.surroundings.random.fork('skews');
    this.#committers = this.surroundings.random.fork('committers');
    this.chronicle = new Chronicle(this.surroundings);
    this.broker = new SimulatedBroker(this.surroundings);
    this.database = this.#makeDatabase();
    const publications = new PublicationWatch(this.surroundings);
    this.relays = Array.from(
      { length: plan.mix.relays },
      (_, index) =>
        new SimulatedRelay(`relay ${index}`, this.surroundings, {
          broker: this.broker,
          watch: publications,
          coalesceBeyond: plan.mix.coalesceBeyond,
          database: () => this.database,
        }),
    );
    this.answers = new AnswerWatch(this.surroundings, this.chronicle, () => this.database);
    this.sales = new SalesTruth(this.surroundings, () => this.database.sales);
    // Each backend has its relay and its API.
    this.#apis = this.relays.map(
      (_, index) =>
        new SimulatedSyncApi(this.surroundings, {
          name: `api ${index}`,
          database: () => this.database,
          pageRows: plan.mix.pageRows,
          watch: this.answers,
          sales: this.sales,
        }),
    );
    this.#folder = options.folder;
    this.#seats = this.#makeSeats();
  }

  /** The tills, those on copies of another's data last. */
  get seats(): readonly Seat[] {
    return this.#seats;
  }

  /** When every byte that flipped under a running till has been found at the latest. */
  get rotFoundByMs(): number {
    return Math.max(...this.#seats.map(({ watch }) => watch.rotFoundByMs));
  }

  get violation(): Violation | null {
    return this.#violation;
  }

  broken(rule: BrokenRule, detail: string): void {
    this.#violation ??= { rule, atMs: this.scheduler.nowMs, detail };
    this.trace.add('BROKEN', () => `${rule}: ${detail}`);
  }

  /** A change was committed by one of the backends, each of which has a relay; or by one that has none. */
  committed(licenseId: number, change: Change): void {
    const { key: licenseKey, status } = this.database.get(licenseId);
    if (status !== 'active') return;
    const relay = this.relays[this.#committers.int(0, this.relays.length)];
    relay?.committed(this.database, waitingChangeOf({ licenseId, licenseKey }, change));
  }

  start(): void {
    for (const api of this.#apis) api.start();
    for (const relay of this.relays) relay.start();
    for (const { till } of this.seats) till.start();
  }

  /** Lets time go on until then, or until a promise is broken. Looks at everything after each event. */
  async runUntil(untilMs: number): Promise<void> {
    while (this.#violation === null && this.scheduler.runNext(untilMs)) {
      await drained();
      this.#lookAtStatuses();
    }
  }

  /** Every fault ends now: what is down starts, what is cut off is reached, who is shut out is let in. */
  heal(): void {
    this.trace.add('faults end', () => '');
    this.#rates = NO_FAULTS;
    this.surroundings.partitions.heal();
    this.broker.comeBack();
    this.apiHealth = 'well';
    for (const license of this.database.licenses.values()) this.database.setStatus(license.id, 'active');
    for (const relay of this.relays) {
      relay.thaw();
      relay.start();
    }
    for (const { till } of this.seats) {
      till.heal();
      till.start();
    }
  }

  /** A second till, on a copy of the data of the first. */
  startClone(of: Seat, copy: string, memory: FileMemory): void {
    const { till, licenseId } = of;
    const { options } = till;
    this.answers.copied(options.terminalId);
    const name = `${options.name} copy ${this.#seats.length}`;
    const path = join(copy, basename(options.path));
    const clone = this.#seat({ name, licenseId, path, terminalId: options.terminalId });
    clone.watch.recall(memory);
    this.#seats.push(clone);
    if (this.database.get(licenseId).status !== 'active') clone.till.shutOut();
    clone.till.start();
  }

  /** A folder for a copy of a till's data. */
  newFolder(): string {
    this.#folders += 1;
    return join(this.#folder, `copy-${this.#folders}`);
  }

  /** A database restored from another's copy: its histories are new ones. */
  restore(backup: MemoryDatabase): void {
    this.database = backup.copy(() => this.#newEpoch());
    this.chronicle.beginAll(this.database);
    for (const api of this.#apis) api.start();
    this.trace.add('restored', () => '');
    this.sales.restored();
    this.releaseSales();
  }

  /** A fault of ours has destroyed data: what was nowhere else is owed to nobody. */
  releaseSales(): void {
    this.sales.release((ref) => this.#seats.some(({ watch }) => watch.sales.holds(ref)));
  }

  dispose(): void {
    for (const { till } of this.seats) till.dispose();
  }

  /** P6: who shows "live" held the newest version of a license in force no longer ago than a proof may be old. */
  #lookAtStatuses(): void {
    const sinceMs = this.scheduler.nowMs - PROOF_MAX_AGE_MS;
    for (const { licenseId, till, watch } of this.seats) {
      const { running } = till;
      if (running === null || running.process.isFrozen || till.status?.status !== 'live') continue;
      watch.live();
      const { cursor } = running.store;
      watch.sales.live(cursor?.epoch === this.chronicle.newest(licenseId).epoch);
      if (cursor !== null && this.chronicle.wasNewestSince(licenseId, cursor, sinceMs)) continue;
      const { epoch, version } = this.chronicle.newest(licenseId);
      this.broken(
        'P6 truthful status',
        `${till.options.name} shows live with ${textOf(cursor)}; the newest is ${epoch} v${version}, and has not been another for ${PROOF_MAX_AGE_MS / 1_000} s`,
      );
    }
  }

  #makeDatabase(): MemoryDatabase {
    const database = new MemoryDatabase({
      signer: simulatedSigner,
      nowMs: this.surroundings.wallMs,
      newId: () => this.#newId(),
      observer: this.chronicle,
    });
    for (let number = 1; number <= this.plan.mix.licenses; number += 1) {
      const license = database.createLicense(parseLicenseKey(`EXTRO-LIFE-SIM${number}`), this.#newEpoch());
      this.chronicle.begin(license);
    }
    return database;
  }

  #makeSeats(): Seat[] {
    const { tills } = this.plan.mix;
    return [...this.database.licenses.values()].flatMap((license) =>
      Array.from({ length: tills }, (_, index): Seat => {
        const name = `till ${license.id}.${index + 1}`;
        const path = join(this.#folder, `till-${license.id}-${index + 1}`, CATALOG_FILE);
        return this.#seat({ name, licenseId: license.id, path, terminalId: this.#newId() });
      }),
    );
  }

  #seat({ name, licenseId, path, terminalId }: NewSeat): Seat {
    const { plan, surroundings, broker, chronicle } = this;
    const sales = new SalesWatch(surroundings, this.sales, { name, terminalId });
    const watch = new TillWatch({ name, licenseId, chronicle, sales, surroundings });
    const till = new SimulatedTill(surroundings, {
      name,
      terminalId,
      licenseKey: this.database.get(licenseId).key,
      path,
      broker,
      api: { apis: this.#apis, health: () => this.apiHealth },
      watch,
      sells: plan.mix.sells,
      skewMs: Math.round(this.#skews.between(-1, 1) * plan.mix.clockSkewMs),
    });
    return { licenseId, till, watch };
  }

  #newEpoch(): string {
    this.#epochs += 1;
    return `epoch${String(this.#epochs).padStart(5, '0')}`;
  }

  #newId(): string {
    this.#ids += 1;
    return `00000000-0000-7000-8000-${String(this.#ids).padStart(12, '0')}`;
  }
}
