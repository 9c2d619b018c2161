import { randomUUID } from 'node:crypto';
import { mkdirSync } from 'node:fs';
import { setImmediate as nextTurn } from 'node:timers/promises';
import type { Fetch, Logger } from '@tillcast/broker';
import type { PaymentRequest } from '@tillcast/protocol/sales/checkout';
import type { Sale } from '@tillcast/protocol/sales/sale';
import type { SaleId } from '@tillcast/protocol/sales/sale-id';
import { Counter } from '../counter/counter.ts';
import { Shop } from '../counter/shop.ts';
import { askMessageKeys } from '../identity/ask-message-keys.ts';
import { licenseKeyCredentials } from '../identity/license-key-credentials.ts';
import { KeptMessageKeys } from '../identity/message-keys.ts';
import type { TillCredentials } from '../identity/till-credentials.ts';
import { TokenCredentials } from '../identity/token-credentials.ts';
import { catalogFetch, openTill } from '../open-till.ts';
import { Counters } from '../replica/counters.ts';
import { shownStatus } from '../replica/shown-status.ts';
import { isoOf, systemTillClock } from '../replica/till-clock.ts';
import type { Verdict } from '../sales/outbox-plan.ts';
import type { UnsentSales } from '../sales/sales-table.ts';
import type { HostedIdentity } from './hosted-identity.ts';
import { Link } from './link.ts';

/** Something that a customer buys: a product's id, and how many. */
export interface BasketLine {
  readonly productId: string;
  readonly quantity: number;
}

/** A till among many in one process: the real one in all, but without its page and with its key in memory. */
export interface HostedTill {
  readonly terminalId: string;
  /** Cut, it sells on, and hands in later. */
  readonly link: Link;
  /** Whether it may say `live` of itself now. */
  isLive(): boolean;
  countUnsent(): UnsentSales;
  /** Whether its catalog has a product. */
  sells(productId: string): boolean;
  /**
   * Scans what is in a basket line by line, as a cashier does, and takes the payment by card. All of it is on the disk.
   * @returns the sale, and how long the till took from the payment until the sale was saved
   * @throws TillcastError in a cashier's words: `item_not_found`, `product_unavailable`, `till_disk_full` …
   */
  sell(basket: readonly BasketLine[]): Promise<{ readonly sale: Sale; readonly saveMs: number }>;
  /** Idempotent. */
  stop(): Promise<void>;
}

export interface HostedTillOptions {
  readonly identity: HostedIdentity;
  /** Its own folder, made where it is missing. */
  readonly dataDir: string;
  /** Without a slash at its end. */
  readonly backendUrl: string;
  /** The process's one, which all of its tills use. */
  readonly fetch: Fetch;
  /** The authorities to trust for the broker; null: the system's. */
  readonly brokerCaPem: string | null;
  /** The server said what became of these sales, and the till has written it down. */
  readonly onVerdicts: (verdicts: readonly Verdict<SaleId>[]) => void;
  readonly logger: Logger;
}

/** Where thousands are in one process, what each keeps of its file adds up: the system's own cache has it anyway. */
const CACHE_KIB = 128;

/**
 * Opens a till and starts it; resolves when it is on its way, not when it is live.
 * @throws TillcastError `data_in_use`, `database_unavailable`, `unsent_sales`
 */
export async function openHostedTill(options: HostedTillOptions): Promise<HostedTill> {
  const { identity, dataDir, backendUrl, brokerCaPem, onVerdicts, logger } = options;
  // Without a lock of its own: the two files are this process's alone as long as they are open.
  mkdirSync(dataDir, { recursive: true, mode: 0o700 });
  const clock = systemTillClock;
  const counters = new Counters();
  const link = new Link();
  const plainFetch = link.over(options.fetch);
  const fetch = catalogFetch(plainFetch);
  const keys = new KeptMessageKeys({
    dataDir,
    ask: (signal) => askMessageKeys({ baseUrl: backendUrl, fetch }, signal),
    logger,
  });
  const credentials = credentialsOf(identity, { backendUrl, fetch, keys, counters, logger });
  const till = await openTill({
    ...{ dataDir, credentials, keys, backendUrl, fetch, plainFetch, brokerCaPem },
    catalogCacheKiB: CACHE_KIB,
    ...{ link: link.signal, clock, counters, onVerdicts, logger },
  });
  const { store, sales, driver } = till;
  const shop = new Shop(store);
  const counter = new Counter({
    shop,
    sales,
    now: () => isoOf(driver.serverClock.nowMs()),
    onOrder: () => undefined,
    newId: randomUUID,
  });
  till.start();
  let stopping: Promise<void> | null = null;
  return {
    terminalId: identity.terminalId,
    link,
    isLive: () => shownStatus(driver.state, driver.cloned, clock.steadyMs(), 0).status === 'live',
    countUnsent: () => sales.countUnsent(),
    sells: (productId) => shop.catalog().product(productId)?.available === true,
    sell: (basket) => sellBasket(counter, basket),
    stop: () => (stopping ??= till.stop()),
  };
}

async function sellBasket(
  counter: Counter,
  basket: readonly BasketLine[],
): Promise<{ readonly sale: Sale; readonly saveMs: number }> {
  const orderId = randomUUID();
  let revision = 0;
  let total = 0;
  for (const { productId, quantity } of basket) {
    const edit = { edit: 'add', product_id: productId, quantity, modifiers: [] } as const;
    const { order, totals } = counter.edit(orderId, { revision, edit }, null);
    revision = order.revision;
    total = totals.total;
    // Between two scans a cashier takes a while: the other tills of the process go on.
    await nextTurn();
  }
  const payments: readonly PaymentRequest[] = [{ method: 'card', amount: total }];
  const paidAtMs = performance.now();
  const { sale } = counter.sell({ order_id: orderId, revision, payments }, null);
  return { sale, saveMs: performance.now() - paidAtMs };
}

function credentialsOf(
  identity: HostedIdentity,
  parts: {
    readonly backendUrl: string;
    readonly fetch: Fetch;
    readonly keys: KeptMessageKeys;
    readonly counters: Counters;
    readonly logger: Logger;
  },
): TillCredentials {
  const { licenseKey, terminalId, name: terminalName, brokerUrls } = identity;
  if (identity.kind === 'named') {
    return licenseKeyCredentials({ licenseKey, terminalId, terminalName, brokerUrls });
  }
  const { backendUrl, fetch, keys, counters, logger } = parts;
  return new TokenCredentials({
    ...{ backendUrl, fetch, licenseKey, terminalId, terminalName, brokerUrls, logger },
    key: identity.key,
    issuer: identity.issuer,
    clock: systemTillClock,
    monotonicMs: () => performance.now(),
    random: Math.random,
    onToken: (_token, { message_keys: told }) => {
      counters.add('token_received');
      keys.learn(told);
    },
  });
}
