import { join } from 'node:path';
import {
  BrokerConnection,
  circuitFetch,
  createLogger,
  type ExclusiveLock,
  type Logger,
  Subscriber,
} from '@tillcast/broker';
import { bindingsOf } from '@tillcast/protocol/routing';
import type { TerminalConfig } from './config/terminal-config.ts';
import { openTillDesk } from './counter/open-till-desk.ts';
import { lockTill } from './identity/activation.ts';
import { askMessageKeys } from './identity/ask-message-keys.ts';
import { KeptMessageKeys } from './identity/message-keys.ts';
import { openCredentials } from './identity/open-credentials.ts';
import { TOKEN_REFUSED_BACKOFF } from './identity/token-credentials.ts';
import { countStart } from './instance.ts';
import type { LocalServer } from './local-server/guarded-app.ts';
import { startLocalServer } from './local-server/local-server.ts';
import { builtPageFolder } from './local-server/till-page.ts';
import { TillMetrics } from './metrics/till-metrics.ts';
import { RenewableLine } from './renewable-line.ts';
import { Counters } from './replica/counters.ts';
import { ReplicaDriver } from './replica/driver.ts';
import { systemTillClock } from './replica/till-clock.ts';
import { openTillSales } from './sales/till-sales.ts';
import { CATALOG_FILE } from './store/open-catalog.ts';
import { TillStore } from './store/till-store.ts';
import { backendFetch } from './sync-client/backend-fetch.ts';
import { SyncClient } from './sync-client/sync-client.ts';
import { TillView } from './till-view.ts';

/** A terminal that runs. */
export interface RunningTerminal {
  /** Where its page is. */
  readonly url: string;
  readonly terminalId: string;
  /** Stops in order: no more messages, nothing asked any more, the page closed, the store closed. Idempotent. */
  stop(): Promise<void>;
}

export interface StartTerminalOptions {
  /** Default: JSON lines on stdout. */
  readonly logger?: Logger;
}

/**
 * Starts a terminal. Neither the broker nor the backend need be there: it serves what it has, and says so.
 * @throws TillcastError before it serves anything: `port_in_use`, `data_in_use`, `database_unavailable`,
 *   `configuration_invalid`, `secret_unreadable`
 */
export async function startTerminal(
  config: TerminalConfig,
  options: StartTerminalOptions = {},
): Promise<RunningTerminal> {
  const logger = options.logger ?? createLogger({ service: 'tillcast-terminal', level: config.logLevel });
  for (const variable of config.unknownVariables) {
    logger.warn({ variable }, 'This environment variable is not known and has no effect');
  }
  for (const fact of config.plaintextWarnings) logger.warn({}, `${fact}; TILLCAST_PLAINTEXT allows it`);
  const lock = lockTill(config.dataDir);
  try {
    return await startLocked(config, logger, lock);
  } catch (error) {
    lock.release();
    throw error;
  }
}

async function startLocked(
  config: TerminalConfig,
  logger: Logger,
  lock: ExclusiveLock,
): Promise<RunningTerminal> {
  const clock = systemTillClock;
  const counters = new Counters();
  const metrics = new TillMetrics(counters);
  // Tokens, keys, reports and the catalog are asked of one backend: who finds it down spares it the others' questions.
  const fetch = circuitFetch(backendFetch(config), {
    what: 'The backend',
    code: 'backend_unavailable',
    openMaxMs: 4_000,
    probesAlone: true,
  });
  const keys: KeptMessageKeys = new KeptMessageKeys({
    dataDir: config.dataDir,
    ask: (signal) => askMessageKeys({ baseUrl: backendUrl, fetch }, signal),
    logger,
  });
  const { credentials, backendUrl } = await openCredentials(config, { clock, fetch, keys, counters, logger });
  const { licenseKey, terminalId, terminalName } = credentials;
  const sales = openTillSales(config, { credentials, backendUrl, clock, counters, logger });
  const store = await openOrStop(
    sales,
    () =>
      new TillStore({
        path: join(config.dataDir, CATALOG_FILE),
        licenseKey,
        onSetAside: ({ reason, renamedTo }) => {
          counters.add('catalog_set_aside');
          logger.warn(
            { reason, renamedTo },
            'The catalog file could not be used and was set aside; it is loaded anew',
          );
        },
      }),
  );
  const client = new SyncClient({ baseUrl: backendUrl, licenseKey, credentials, fetch }, () =>
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
    instance: countStart(config.dataDir, logger),
    observer: metrics,
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
  const connection = new BrokerConnection({
    urls: credentials.brokerUrls,
    ...(credentials.broker === null
      ? {}
      : { credentials: credentials.broker, refusedBackoff: TOKEN_REFUSED_BACKOFF }),
    connectionName: `tillcast terminal ${terminalId}`,
    ...(config.broker.caPem === null ? {} : { tls: { ca: config.broker.caPem } }),
    logger,
  });
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

  const desk = openTillDesk({ config, store, sales, driver, view, backendUrl });
  let server: LocalServer;
  try {
    view.start();
    server = await startLocalServer({
      host: config.host,
      port: config.port,
      view,
      desk,
      metrics: () => metrics.text(view.figures()),
      pageFolder: builtPageFolder(),
      logger,
    });
  } catch (error) {
    view.stop();
    await sales.stop();
    store.close();
    throw error;
  }
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
  const { url } = server;
  logger.info({ url, terminalId, licenseKey, version: store.cursor?.version ?? null }, 'The till is open');

  const stop = async (): Promise<void> => {
    // First, so that nobody waits for a token.
    await credentials.stop();
    await line.stop();
    await connection.stop();
    await keys.stop();
    await driver.stop();
    view.stop();
    await server.stop();
    await sales.stop();
    store.close();
    lock.release();
    logger.info({ terminalId }, 'The till is closed');
  };
  let stopping: Promise<void> | null = null;
  return { url, terminalId, stop: () => (stopping ??= stop()) };
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
