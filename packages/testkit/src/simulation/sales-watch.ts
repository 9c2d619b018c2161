import { PROOF_MAX_AGE_MS } from '@tillcast/protocol/replica/status';
import type { Sale } from '@tillcast/protocol/sales/sale';
import { type SalesTruth, saleRef } from './sales-truth.ts';
import type { Surroundings } from './surroundings.ts';

/** A sale as it lies in a till's file. */
export interface SaleRow {
  readonly id: string;
  readonly body: string;
  readonly state: string;
}

/** What is known of a till's sales file: it is copied with the file. */
export interface SalesMemory {
  readonly rows: ReadonlyMap<string, SaleRow>;
  readonly paid: ReadonlyMap<string, string>;
}

/** Looks at a till's sales file after each of its commits and at each start (P5, P7). */
export class SalesWatch {
  readonly #name: string;
  readonly #terminalId: string;
  readonly #surroundings: Surroundings;
  readonly #truth: SalesTruth;
  #read: () => readonly SaleRow[] = () => [];
  #rows: ReadonlyMap<string, SaleRow> = new Map();
  /** By order, the sale that it became. */
  #paid = new Map<string, string>();
  #paying: string | null = null;
  /** At which state of the server it was looked at for P6; -1: not yet. */
  #foundLiveAt = -1;

  constructor(
    surroundings: Surroundings,
    truth: SalesTruth,
    of: { readonly name: string; readonly terminalId: string },
  ) {
    this.#surroundings = surroundings;
    this.#truth = truth;
    this.#name = of.name;
    this.#terminalId = of.terminalId;
  }

  get memory(): SalesMemory {
    return { rows: this.#rows, paid: new Map(this.#paid) };
  }

  /** The file is now the one of which this is known. */
  recall({ rows, paid }: SalesMemory): void {
    this.#rows = rows;
    this.#paid = new Map(paid);
    this.#foundLiveAt = -1;
  }

  /** The file was opened: what lay in it does so still. */
  started(read: () => readonly SaleRow[]): void {
    this.#read = read;
    this.look();
  }

  /** Does something to pay an order: what is saved meanwhile is its sale. */
  paying<T>(orderId: string | null, work: () => T): T {
    this.#paying = orderId;
    try {
      return work();
    } finally {
      this.#paying = null;
    }
  }

  /** Somebody was told that it is saved: then it is on the disk. */
  promised(sale: Sale): void {
    this.look();
    if (!this.#rows.has(sale.id)) return this.#broken(`told of ${sale.id}, which is not in its file`);
    return this.#truth.promised(this.#ref(sale.id));
  }

  holds(ref: string): boolean {
    return this.#rows.values().some(({ id }) => this.#ref(id) === ref);
  }

  /** Nothing is gone or changed, and what counts as accepted was taken by the server. */
  look(): void {
    const rows = new Map(this.#read().map((row) => [row.id, row]));
    for (const [id, before] of this.#rows) {
      const now = rows.get(id);
      if (now === undefined) this.#broken(`lost ${id}, which was ${before.state}`);
      else if (now.body !== before.body) this.#broken(`changed ${id} from ${before.body} to ${now.body}`);
    }
    for (const [id, { body, state }] of rows) {
      const before = this.#rows.get(id);
      if (before === undefined) this.#begun(id, body);
      if (before?.state === state) continue;
      this.#surroundings.trace.add('sale', () => `${this.#name} ${id} is ${state}`);
      if (state === 'rejected') this.#broken(`holds ${id} for rejected`);
      if (state === 'accepted' && !this.#truth.wasTaken(this.#ref(id))) {
        this.#broken(`holds ${id} for accepted, and the server never had it`);
      }
    }
    this.#rows = rows;
    this.#foundLiveAt = -1;
  }

  /**
   * P6: who shows "live" has no sale that the server lacks, but for what it cannot know yet.
   * @param knowsHistory whether its catalog is of the server's present history
   */
  live(knowsHistory: boolean): void {
    const { broken, scheduler } = this.#surroundings;
    if (this.#foundLiveAt === this.#truth.generation) return;
    const canKnow = knowsHistory || scheduler.nowMs - this.#truth.restoredAtMs > PROOF_MAX_AGE_MS;
    for (const { id, state } of this.#rows.values()) {
      if (state === 'accepted' && (!canKnow || this.#truth.isStored(this.#ref(id)))) continue;
      broken('P6 truthful status', `${this.#name} shows live, and its sale ${id} is not with the server`);
    }
    if (canKnow) this.#foundLiveAt = this.#truth.generation;
  }

  /** A sale that has not arrived for good; null where there is none. */
  whyUnsettled(): string | null {
    for (const { id, state } of this.#rows.values()) {
      if (state !== 'accepted') return `its sale ${id} is ${state}`;
      if (!this.#truth.isStored(this.#ref(id))) return `the server lacks its sale ${id}`;
    }
    return null;
  }

  #begun(id: string, body: string): void {
    this.#truth.made(this.#ref(id), body);
    if (this.#paying === null) return;
    const earlier = this.#paid.get(this.#paying);
    if (earlier !== undefined) this.#broken(`took money twice for one order: ${earlier} and ${id}`);
    this.#paid.set(this.#paying, id);
  }

  #ref(id: string): string {
    return saleRef(this.#terminalId, id);
  }

  #broken(what: string): void {
    this.#surroundings.broken('P5 each sale once', `${this.#name} ${what}`);
  }
}
