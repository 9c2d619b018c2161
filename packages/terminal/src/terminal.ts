import { createLogger, type ExclusiveLock, type Logger } from '@tillcast/broker';
import type { TerminalConfig } from './config/terminal-config.ts';
import { openTillDesk } from './counter/open-till-desk.ts';
import { lockTill } from './identity/activation.ts';
import { askMessageKeys } from './identity/ask-message-keys.ts';
import { KeptMessageKeys } from './identity/message-keys.ts';
import { openCredentials } from './identity/open-credentials.ts';
import type { LocalServer } from './local-server/guarded-app.ts';
import { startLocalServer } from './local-server/local-server.ts';
import { builtPageFolder } from './local-server/till-page.ts';
import { TillMetrics } from './metrics/till-metrics.ts';
import { catalogFetch, openTill } from './open-till.ts';
import { Counters } from './replica/counters.ts';
import { systemTillClock } from './replica/till-clock.ts';
import { backendFetch } from './sync-client/backend-fetch.ts';

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
  const { dataDir } = config;
  const clock = systemTillClock;
  const counters = new Counters();
  const metrics = new TillMetrics(counters);
  const plainFetch = backendFetch(config);
  const fetch = catalogFetch(plainFetch);
  const keys: KeptMessageKeys = new KeptMessageKeys({
    dataDir,
    ask: (signal) => askMessageKeys({ baseUrl: backendUrl, fetch }, signal),
    logger,
  });
  const { credentials, backendUrl } = await openCredentials(config, { clock, fetch, keys, counters, logger });
  const { licenseKey, terminalId } = credentials;
  const till = await openTill({
    ...{ dataDir, credentials, keys, backendUrl, fetch, plainFetch, clock, counters, logger },
    brokerCaPem: config.broker.caPem,
    observer: metrics,
  });
  const { store, sales, driver, view } = till;
  let server: LocalServer;
  try {
    view.start();
    server = await startLocalServer({
      host: config.host,
      port: config.port,
      view,
      desk: openTillDesk({ config, store, sales, driver, view, backendUrl }),
      metrics: () => metrics.text(view.figures()),
      pageFolder: builtPageFolder(),
      logger,
    });
  } catch (error) {
    await till.stop();
    throw error;
  }
  till.start();
  const { url } = server;
  logger.info({ url, terminalId, licenseKey, version: store.cursor?.version ?? null }, 'The till is open');

  const stop = async (): Promise<void> => {
    await till.stop(() => server.stop());
    lock.release();
    logger.info({ terminalId }, 'The till is closed');
  };
  let stopping: Promise<void> | null = null;
  return { url, terminalId, stop: () => (stopping ??= stop()) };
}
