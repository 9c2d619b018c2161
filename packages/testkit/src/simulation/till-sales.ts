import { join } from 'node:path';
import { type Fetch, silentLogger } from '@tillcast/broker';
import { RUN_BYTES } from '@tillcast/protocol/sales/sale-id';
import {
  Counter,
  openSales,
  SALES_FILE,
  SalesFile,
  Shop,
  type TillClock,
  TillSales,
  type TillStore,
  Uploader,
} from '@tillcast/terminal/internals';
import type { SimulatedProcess } from './process.ts';
import { salesToken } from './sales-desk.ts';
import { SalesDisk } from './sales-disk.ts';
import type { SalesWatch } from './sales-watch.ts';
import type { Surroundings } from './surroundings.ts';
import type { SimulatedTillOptions } from './till.ts';
import type { CommitFate } from './till-store.ts';

export interface SimulatedSalesParts {
  readonly till: Pick<SimulatedTillOptions, 'licenseKey' | 'terminalId'>;
  /** Where its data are. */
  readonly folder: string;
  /** The process's name and the count of its starts. */
  readonly life: string;
  readonly process: SimulatedProcess;
  readonly clock: TillClock;
  readonly store: TillStore;
  readonly fetch: Fetch;
  readonly watch: SalesWatch;
  readonly fate: () => CommitFate;
  readonly crash: () => void;
  /** The server's time, as far as the till knows it: ISO 8601. */
  readonly now: () => string;
}

/** The sales of a till's process: the real file, counter and uploader. */
export class SimulatedSales {
  readonly counter: Counter;
  readonly watch: SalesWatch;
  readonly #sales: TillSales;
  #unsent: number | null = null;

  constructor(surroundings: Surroundings, parts: SimulatedSalesParts) {
    const { till, folder, life, process, clock, store, fetch, watch, fate, crash, now } = parts;
    const { licenseKey, terminalId } = till;
    this.watch = watch;
    const ids = surroundings.random.fork(`sales of ${life}`);
    const random = surroundings.random.fork(`waits of sales of ${life}`);
    const open = openSales(join(folder, SALES_FILE), { licenseKey, terminalId }, ({ reason }) => {
      surroundings.broken('P7 unsent sales', `${life} set a sound file of sales aside: ${reason}`);
    });
    const rows = open.db.prepare('select id, body, state from sales order by counter');
    const disk = new SalesDisk(open.db, {
      fate,
      crash,
      isAlive: () => process.alive,
      onCommitted: () => {
        this.#unsent = null;
        watch.look();
      },
    });
    const run = Uint8Array.from({ length: RUN_BYTES }, () => ids.int(0, 255));
    const file = new SalesFile({ ...open, db: disk }, run);
    const headers = { authorization: `Bearer ${salesToken(licenseKey, terminalId)}` };
    const peer = {
      baseUrl: 'http://simulated',
      credentials: { headers: () => Promise.resolve(headers), isOutdated: () => false },
      fetch,
      after: (delayMs: number, callback: () => void) => clock.after(delayMs, callback),
    };
    this.#sales = new TillSales(
      file,
      (onChange) =>
        new Uploader({ file, peer, clock, random: () => random.next(), logger: silentLogger, onChange }),
    );
    this.counter = new Counter({
      shop: new Shop(store),
      sales: this.#sales,
      now,
      newId: () => ids.uuid(),
      onOrder: () => undefined,
    });
    watch.started(() =>
      rows.all().map(({ id, body, state }) => ({ id: String(id), body: String(body), state: String(state) })),
    );
  }

  /** How many the product says that the server lacks: asked anew after each commit alone, for its time. */
  get unsent(): number {
    if (this.#unsent === null) {
      const { waiting, rejected } = this.#sales.countUnsent();
      this.#unsent = waiting + rejected;
    }
    return this.#unsent;
  }

  start(): void {
    this.#sales.start();
  }

  heardHistory(epoch: string): void {
    this.#sales.heardHistory(epoch);
  }

  sendNow(): void {
    this.#sales.sendNow();
  }

  /** The process is dead, and its file is closed as the system does it. */
  close(): void {
    this.#sales.file.close();
  }
}
