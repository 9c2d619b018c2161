import { join } from 'node:path';
import { BrokerConnection, createLogger, type Logger, Subscriber } from '@tillcast/broker';
import { bindingsOf } from '@tillcast/protocol/routing';
import type { TerminalConfig } from './config/terminal-config.ts';
import { type LocalServer, startLocalServer } from './local-server/local-server.ts';
import { builtPageFolder, isPageBuilt, PAGE_MISSING } from './local-server/till-page.ts';
import { RenewableLine } from './renewable-line.ts';
import { Counters } from './replica/counters.ts';
import { ReplicaDriver } from './replica/driver.ts';
import { systemTillClock } from './replica/till-clock.ts';
import { TillStore } from './store/till-store.ts';
import { SyncClient } from './sync-client/sync-client.ts';
import { keptTerminalId } from './terminal-id.ts';
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
 *   `configuration_invalid`
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
  const { licenseKey, terminalName, syncApiUrl } = config;
  const clock = systemTillClock;
  const terminalId = keptTerminalId(config.dataDir);
  const counters = new Counters();
  const store = new TillStore({
    path: join(config.dataDir, 'catalog.sqlite'),
    licenseKey,
    onSetAside: ({ reason, renamedTo }) => {
      counters.add('catalog_set_aside');
      logger.warn(
        { reason, renamedTo },
        'The catalog file could not be used and was set aside; it is loaded anew',
      );
    },
  });
  const client = new SyncClient({ baseUrl: syncApiUrl, licenseKey, terminalId }, () => clock.nowMs());
  const driver = new ReplicaDriver({
    licenseKey,
    store,
    client,
    clock,
    random: Math.random,
    unsentSales: () => 0,
    counters,
    logger,
    onNews: (news) => view.take(news),
    onDeafLine: () => line.renew(),
  });
  const view = new TillView({ licenseKey, terminalId, terminalName }, store, driver, clock);
  const connection = new BrokerConnection({
    urls: config.broker.urls,
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

  const pageFolder = builtPageFolder();
  if (!isPageBuilt(pageFolder)) logger.warn({ pageFolder }, PAGE_MISSING);
  let server: LocalServer;
  try {
    view.start();
    server = await startLocalServer({ host: config.host, port: config.port, view, pageFolder, logger });
  } catch (error) {
    view.stop();
    store.close();
    throw error;
  }
  driver.start();
  connection.start();
  line.start();
  const { url } = server;
  logger.info({ url, terminalId, licenseKey, version: store.cursor?.version ?? null }, 'The till is open');

  const stop = async (): Promise<void> => {
    await line.stop();
    await connection.stop();
    await driver.stop();
    view.stop();
    await server.stop();
    store.close();
    logger.info({ terminalId }, 'The till is closed');
  };
  let stopping: Promise<void> | null = null;
  return { url, terminalId, stop: () => (stopping ??= stop()) };
}
