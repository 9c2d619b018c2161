import { mkdirSync } from 'node:fs';
import { join } from 'node:path';
import { DatabaseSync } from 'node:sqlite';
import { createFetch, silentLogger } from '@tillcast/broker';
import { DigestSum, rowDigest } from '@tillcast/protocol/digest';
import { type LicenseKey, parseLicenseKey } from '@tillcast/protocol/license-key';
import { RUN_BYTES, runName, saleIdOf } from '@tillcast/protocol/sales/sale-id';
import { Counter } from '../../packages/terminal/src/counter/counter.ts';
import { Shop } from '../../packages/terminal/src/counter/shop.ts';
import { licenseKeyCredentials } from '../../packages/terminal/src/identity/license-key-credentials.ts';
import { Counters } from '../../packages/terminal/src/replica/counters.ts';
import { systemTillClock } from '../../packages/terminal/src/replica/till-clock.ts';
import { openSales, SALES_FILE } from '../../packages/terminal/src/sales/open-sales.ts';
import { SalesFile } from '../../packages/terminal/src/sales/sales-file.ts';
import { openTillSales, type TillSales } from '../../packages/terminal/src/sales/till-sales.ts';
import { productOf } from './backend.ts';
import { quantileOf } from './measure.ts';
import { BASKET, SOLD_AT, soldAs } from './sold.ts';
import { openTillStore } from './till.ts';

/** A till's sales that wait to be sent. */
export interface Outbox {
  /** Resolves when the server has taken all of them, and the till has written that down. */
  readonly send: () => Promise<void>;
  readonly stop: () => Promise<void>;
}

/** The real outbox of a till, with sales in it. */
export function openOutbox(options: {
  readonly folder: string;
  readonly licenseKey: LicenseKey;
  readonly backendUrl: string;
  readonly sales: number;
}): Outbox {
  const { folder, licenseKey, backendUrl } = options;
  const terminalId = crypto.randomUUID();
  fillFile(join(folder, SALES_FILE), { licenseKey, terminalId }, options.sales);
  const done = Promise.withResolvers<void>();
  let missing = options.sales;
  const sales = tillSales(folder, { licenseKey, terminalId, backendUrl }, (verdicts) => {
    if (verdicts.some(({ outcome }) => outcome !== 'accepted')) done.reject(new Error('a sale was rejected'));
    missing -= verdicts.length;
    if (missing === 0) done.resolve();
  });
  return {
    send: () => {
      sales.start();
      return done.promise;
    },
    stop: () => sales.stop(),
  };
}

/** Saved before the clock starts, so without waiting for the disk at each. */
function fillFile(
  path: string,
  owner: { readonly licenseKey: LicenseKey; readonly terminalId: string },
  sales: number,
): void {
  const open = openSales(path, owner, refuseDamage);
  open.db.exec('pragma synchronous = off');
  const file = new SalesFile(open);
  for (let index = 0; index < sales; index += 1) file.saveSale(null, soldAs, SOLD_AT);
  file.close();
}

function tillSales(
  dataDir: string,
  till: { readonly licenseKey: LicenseKey; readonly terminalId: string; readonly backendUrl: string },
  onVerdicts: (verdicts: readonly { readonly outcome: string }[]) => void,
): TillSales {
  return openTillSales({
    dataDir,
    credentials: licenseKeyCredentials({ ...till, terminalName: 'Bench', brokerUrls: [] }),
    backendUrl: till.backendUrl,
    fetch: createFetch(null),
    clock: systemTillClock,
    counters: new Counters(),
    logger: silentLogger,
    onVerdicts,
  });
}

/** How long things took, in milliseconds. */
export interface SaveTimes {
  readonly p50Ms: number;
  readonly p99Ms: number;
  readonly bareP50Ms: number;
  readonly bareP99Ms: number;
}

/**
 * Sells at a till's counter, over and over, and measures each from the payment until the counter says that it is saved; and
 * beside each one transaction of SQLite with a text as long, bare.
 */
export async function saveTimes(folder: string, count: number): Promise<SaveTimes> {
  const licenseKey = parseLicenseKey('BENCH-SALES-ONE');
  mkdirSync(folder, { recursive: true });
  using store = openTillStore(join(folder, 'catalog.sqlite'), licenseKey);
  const rows = Array.from({ length: 1_000 }, (_, index) => {
    const item = productOf(index, 2.35);
    return { kind: 'product', id: String(item['id']), body: JSON.stringify(item) } as const;
  });
  const sum = new DigestSum();
  for (const { kind, id, body } of rows) sum.add(rowDigest(kind, id, body));
  store.replaceAll(rows, { epoch: 'benchepoch', version: 1, digest: sum.toString() }, () => []);
  const till = { licenseKey, terminalId: crypto.randomUUID(), backendUrl: 'http://127.0.0.1:9' };
  const sales = tillSales(folder, till, () => undefined);
  const counter = new Counter({
    shop: new Shop(store),
    sales,
    now: () => new Date().toISOString(),
    onOrder: () => undefined,
    newId: () => crypto.randomUUID(),
  });
  using bare = new BareFile(join(folder, 'bare.sqlite'));
  const [saved, committed]: [number[], number[]] = [[], []];
  try {
    for (let index = 0; index < count; index += 1) {
      saved.push(sellOne(counter));
      committed.push(bare.commit(index));
    }
  } finally {
    await sales.stop();
  }
  const [ofTill, ofBare] = [saved, committed].map((times) => times.toSorted((a, b) => a - b));
  return {
    p50Ms: quantileOf(ofTill ?? [], 0.5),
    p99Ms: quantileOf(ofTill ?? [], 0.99),
    bareP50Ms: quantileOf(ofBare ?? [], 0.5),
    bareP99Ms: quantileOf(ofBare ?? [], 0.99),
  };
}

function sellOne(counter: Counter): number {
  const orderId = crypto.randomUUID();
  let revision = 0;
  let amount = 0;
  for (const { product, quantity } of BASKET) {
    const edit = { edit: 'add', product_id: product.id, quantity, modifiers: [] } as const;
    const { order, totals } = counter.edit(orderId, { revision, edit }, null);
    revision = order.revision;
    amount = totals.total;
  }
  const startedAt = performance.now();
  counter.sell({ order_id: orderId, revision, payments: [{ method: 'card', amount }] }, null);
  return performance.now() - startedAt;
}

class BareFile implements Disposable {
  readonly #db: DatabaseSync;
  readonly #body = JSON.stringify(
    soldAs({ id: saleIdOf(runName(new Uint8Array(RUN_BYTES)), 1), receiptNumber: '1' }),
  );

  constructor(path: string) {
    this.#db = new DatabaseSync(path);
    this.#db.exec(`PRAGMA journal_mode = WAL; PRAGMA synchronous = FULL;
      CREATE TABLE sales (counter INTEGER PRIMARY KEY, body TEXT) STRICT`);
  }

  commit(counter: number): number {
    const startedAt = performance.now();
    this.#db.prepare('INSERT INTO sales VALUES (?, ?)').run(counter, this.#body);
    return performance.now() - startedAt;
  }

  [Symbol.dispose](): void {
    this.#db.close();
  }
}

function refuseDamage({ reason }: { readonly reason: string }): void {
  throw new Error(`the sales file was set aside: ${reason}`);
}
