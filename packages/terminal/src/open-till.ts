import { join } from 'node:path';
import { BrokerConnection, circuitFetch, type Fetch, type Logger, Subscriber } from '@tillcast/broker';
import { bindingsOf } from '@tillcast/protocol/routing';
import type { SaleId } from '@tillcast/protocol/sales/sale-id';
import type { KeptMessageKeys } from './identity/message-keys.ts';
import type { TillCredentials } from './identity/till-credentials.ts';
import { TOKEN_REFUSED_BACKOFF } from './identity/token-credentials.ts';
import { countStart } from './instance.ts';
import { RenewableLine } from './renewable-line.ts';
import type { Counters } from './replica/counters.ts';
import { ReplicaDriver } from './replica/driver.ts';
import type { ReplicaObserver } from './replica/driver-options.ts';
import type { TillClock } from './replica/till-clock.ts';
import type { Verdict } from './sales/outbox-plan.ts';
import { openTillSales, type TillSales } from './sales/till-sales.ts';
import { CATALOG_FILE } from './store/open-catalog.ts';
import { TillStore } from './store/till-store.ts';
import { SyncClient } from './sync-client/sync-client.ts';
import { TillView } from './till-view.ts';

/** What a till is made of besides what it opens itself. */
export interface OpenTillOptions {
  /** The till's folder, which nobody else has open. */
  readonly dataDir: string;
  readonly credentials: TillCredentials;
  readonly keys: KeptMessageKeys;
  /** Without a slash at its end. */
  readonly backendUrl: string;
  /** For the catalog, reports and tokens: guarded by a circuit breaker. */
  readonly fetch: Fetch;
  /** For sales, which have a circuit breaker of their own: what waits on the way up is no matter of what comes down. */
  readonly plainFetch: Fetch;
  /** The authorities to trust for the broker; null: the system's. */
  readonly brokerCaPem: string | null;
  /** How much of its catalog's file is kept in memory at most; left out: SQLite's usual. */
  readonly catalogCacheKiB?: number;
  /** The network, where somebody decides about it. */
  readonly link?: () => AbortSignal;
  readonly clock: TillClock;
  readonly counters: Counters;
  readonly observer?: ReplicaObserver;
  readonly onVerdicts?: (verdicts: readonly Verdict<SaleId>[]) => void;
  readonly logger: Logger;
}

/** A till without its page: its catalog, its sales, and their ways to and from the server. */
export interface OpenTill {
  readonly store: TillStore;
  readonly sales: TillSales;
  readonly driver: ReplicaDriver;
  readonly view: TillView;
  /** Connects, asks and sends from now on. */
  start(): void;
  /**
   * Stops in order: no more messages, nothing asked any more, the files closed.
   * @param closePage done when nothing changes any more, and before the files are closed
   */
  stop(closePage?: () => Promise<void>): Promise<void>;
}

/** Opens the till in a folder. Neither the broker nor the backend need be there. @throws TillcastError */
export async function openTill(options: OpenTillOptions): Promise<OpenTill> {
  const { dataDir, credentials, keys, backendUrl, clock, counters, logger } = options;
  const { licenseKey, terminalId, terminalName } = credentials;
  const sales = openTillSales({ ...options, fetch: options.plainFetch });
  const store = await openOrStop(sales, () => openStore(options));
  const client = new SyncClient({ baseUrl: backendUrl, licenseKey, credentials, fetch: options.fetch }, () =>
    clock.steadyMs(),
  );
  const driver = new ReplicaDriver({
    licenseKey,
    store,
    client,
    keys,
    clock,
    random: Math.random,
    unsentSales: () => {
      const { waiting, rejected } = sales.countUnsent();
      return waiting + rejected;
    },
    onHistory: (epoch) => sales.heardHistory(epoch),
    instance: countStart(dataDir, logger),
    ...(options.observer === undefined ? {} : { observer: options.observer }),
    counters,
    logger,
    onNews: (news) => view.take(news),
    onDeafLine: () => line.renew(),
  });
  const view = new TillView(
    { licenseKey, terminalId, terminalName },
    store,
    driver,
    sales,
    clock,
    () => client.snapshotBytes,
  );
  const connection = brokerConnection(options);
  const subscriber = new Subscriber({
    connection,
    terminalId,
    bindings: bindingsOf(licenseKey),
    handler: (delivery) => driver.deliver(delivery),
    onError: (error, { routingKey }) => {
      counters.add('delivery_failed');
      logger.error({ err: error, routingKey }, 'A message could not be taken and was dropped');
    },
    onAttached: () => driver.attached(),
    onDetached: () => driver.detached(),
  });
  const line = new RenewableLine(subscriber, logger);

  let started = false;
  const start = (): void => {
    started = true;
    credentials.start(connection, {
      refused: (code) => driver.refused(code),
      admitted: () => driver.requestSync(),
    });
    // An activated till gets them with its tokens.
    if (credentials.broker === null) void keys.refresh();
    driver.start();
    connection.start();
    line.start();
    sales.start();
  };
  const leave = async (): Promise<void> => {
    // First, so that nobody waits for a token.
    await credentials.stop();
    await line.stop();
    await connection.stop();
    await keys.stop();
    await driver.stop();
  };
  return {
    store,
    sales,
    driver,
    view,
    start,
    stop: async (closePage) => {
      if (started) await leave();
      view.stop();
      await closePage?.();
      await sales.stop();
      store.close();
    },
  };
}

/** How a till's questions about its catalog are asked: who finds the server down spares it the others' questions. */
export function catalogFetch(plainFetch: Fetch): Fetch {
  return circuitFetch(plainFetch, {
    what: 'The backend',
    code: 'backend_unavailable',
    openMaxMs: 4_000,
    probesAlone: true,
  });
}

function openStore({ dataDir, credentials, catalogCacheKiB, counters, logger }: OpenTillOptions): TillStore {
  return new TillStore({
    path: join(dataDir, CATALOG_FILE),
    licenseKey: credentials.licenseKey,
    ...(catalogCacheKiB === undefined ? {} : { cacheKiB: catalogCacheKiB }),
    onSetAside: ({ reason, renamedTo }) => {
      counters.add('catalog_set_aside');
      logger.warn(
        { reason, renamedTo },
        'The catalog file could not be used and was set aside; it is loaded anew',
      );
    },
  });
}

function brokerConnection({ credentials, brokerCaPem, link, logger }: OpenTillOptions): BrokerConnection {
  return new BrokerConnection({
    urls: credentials.brokerUrls,
    ...(credentials.broker === null
      ? {}
      : { credentials: credentials.broker, refusedBackoff: TOKEN_REFUSED_BACKOFF }),
    connectionName: `tillcast terminal ${credentials.terminalId}`,
    ...(brokerCaPem === null ? {} : { tls: { ca: brokerCaPem } }),
    ...(link === undefined ? {} : { link }),
    logger,
  });
}

/** What was opened before is stopped where the next thing cannot be opened. */
async function openOrStop<T>(opened: { stop(): Promise<void> }, open: () => T): Promise<T> {
  try {
    return open();
  } catch (error) {
    await opened.stop();
    throw error;
  }
}
