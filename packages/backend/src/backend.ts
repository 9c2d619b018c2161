import { hostname } from 'node:os';
import {
  BrokerConnection,
  type ConnectionState,
  createLogger,
  Publisher,
  virtualHostOf,
} from '@tillcast/broker';
import { TillcastError } from '@tillcast/protocol/errors';
import type { Logger } from 'pino';
import { prepareApiKeys } from './admin-api/api-keys.ts';
import type { BackendConfig } from './config/backend-config.ts';
import type { Database } from './database/database.ts';
import { openDatabase } from './database/open-database.ts';
import { createApp } from './http/create-app.ts';
import { listen } from './http/listen.ts';
import { TlsEndpoint } from './http/tls/tls-endpoint.ts';
import { BrokerKeys } from './keys/broker-keys.ts';
import { openKeyRing } from './keys/stored-key-ring.ts';
import { ensureLicense } from './licenses/create-license.ts';
import { BackendMetrics } from './metrics/metrics.ts';
import { databaseChangeLog } from './relay/database-change-log.ts';
import { Relay } from './relay/relay.ts';
import { startRevocations } from './revocation/start-revocations.ts';

/** A backend that is listening. */
export interface RunningBackend extends AsyncDisposable {
  /** Where its API is: `http://127.0.0.1:8080`. */
  readonly url: string;
  /**
   * Stops in this order: no new requests, the open ones finish, the relay, the publisher with its
   * outstanding confirms, the broker connection, the database. Safe to call more than once.
   * @throws TillcastError `internal` when it took longer than 10 s
   */
  stop(): Promise<void>;
}

const STOP_TIMEOUT_MS = 10_000;
/**
 * A node that says nothing on a connection that stays open is given up after two to three of these, and so within 10 s
 * another one publishes. A till needs no such haste: its load balancer has it elsewhere by then, or its reports tell.
 */
const HEARTBEAT_S = 3;
/** Of one node of several: the next one is tried after it. */
const CONNECT_TIMEOUT_MS = 5_000;
/** Less than the time to stop, so that a silent broker does not use it up. */
const CONFIRM_TIMEOUT_MS = 5_000;

/**
 * Starts the backend. It needs its database; the broker may come later: changes are accepted and wait.
 * @throws TillcastError `database_unavailable`, `data_in_use`, `schema_newer`, `port_in_use` …; what was
 *   started by then is stopped again
 */
export async function startBackend(
  config: BackendConfig,
  options: { readonly logger?: Logger } = {},
): Promise<RunningBackend> {
  const logger = options.logger ?? createLogger({ service: 'tillcast-backend', level: config.logLevel });
  const metrics = new BackendMetrics();
  const now = (): Date => new Date();
  await using started = new AsyncDisposableStack();

  for (const variable of config.unknownVariables) {
    logger.warn({ variable }, 'This environment variable is not known and has no effect');
  }
  for (const fact of config.plaintextWarnings) logger.warn({}, `${fact}; TILLCAST_PLAINTEXT allows it`);
  const { tls: certificate } = config.http;
  const tls = certificate === null ? null : started.use(new TlsEndpoint({ files: certificate, logger, now }));
  const database = started.use(await openConfiguredDatabase(config, logger));
  for (const key of config.licenseKeys) await ensureLicense(database, key, { now });
  const isApiKey = await prepareApiKeys({
    database,
    given: config.apiKey,
    dataDir: config.dataDir,
    logger,
    now,
  });

  const keys = started.use(
    await openKeyRing({ database, secretKey: config.secretKey, dataDir: config.dataDir, logger, now }),
  );

  const connection = new BrokerConnection({
    urls: config.broker.urls,
    connectionName: `tillcast-backend ${hostname()} ${process.pid}`,
    heartbeatSeconds: HEARTBEAT_S,
    connectTimeoutMs: CONNECT_TIMEOUT_MS,
    ...(config.broker.caPem === null ? {} : { tls: { ca: config.broker.caPem } }),
    logger,
  });
  const publisher = new Publisher({ connection, confirmTimeoutMs: CONFIRM_TIMEOUT_MS });
  publisher.onReadyChange((ready) => metrics.brokerReady(ready));
  const relay = new Relay({ log: databaseChangeLog(database), publisher, logger, observer: metrics });
  metrics.watchShards(() => relay.shardsHeld);

  started.defer(() => connection.stop());
  connection.start();
  started.defer(() => publisher.stop());
  publisher.start();
  started.defer(() => relay.stop());
  await relay.start();
  const revocations = started.use(
    await startRevocations({
      database,
      management: config.management,
      vhost: virtualHostOf(config.broker.urls[0] ?? 'amqp://localhost'),
      logger,
      metrics,
      now,
    }),
  );
  publisher.onReadyChange((ready) => {
    if (ready) revocations.retry();
  });

  const brokerKeys = new BrokerKeys({ management: config.management, logger });
  const app = await createApp({
    database,
    metrics,
    logger,
    isApiKey,
    keys,
    identity: config.identity,
    brokerTrouble: () => (publisher.ready ? null : troubleOf(connection.state)),
    answerCacheBytes: config.answerCacheBytes,
    limits: config.limits,
    now,
    wakeRevoker: () => revocations.wake(),
    onCommitted: (change) => relay.handOver(change),
    renewBrokerKeys: () => brokerKeys.renew(),
    ...(tls === null ? {} : { tls }),
  });
  const { host, port } = config.http;
  const server = started.use(await listen(app, { host, port, secure: tls !== null }));
  logger.info({ url: server.url, database: database.engine }, 'The backend is listening');

  return running(server.url, started.move(), logger);
}

async function openConfiguredDatabase(config: BackendConfig, logger: Logger): Promise<Database> {
  const { database } = config;
  if (database.engine === 'postgresql') return openDatabase({ url: database.url }, { logger });
  logger.warn(
    { directory: database.dataDir },
    'The embedded database is for trying out and development: it does not wait for the disk, so a power cut may lose the last changes. For production set DATABASE_URL to a PostgreSQL.',
  );
  return openDatabase({ dataDir: database.dataDir }, { logger });
}

function troubleOf(state: ConnectionState): TillcastError {
  const cause = 'reason' in state ? state.reason : null;
  const message = 'The broker is not connected: changes are accepted and wait.';
  return new TillcastError('broker_unavailable', message, cause === null ? {} : { cause });
}

function running(url: string, started: AsyncDisposableStack, logger: Logger): RunningBackend {
  let stopping: Promise<void> | null = null;
  const stop = (): Promise<void> => {
    stopping ??= inTime(started.disposeAsync(), STOP_TIMEOUT_MS).then(() =>
      logger.info({}, 'The backend has stopped'),
    );
    return stopping;
  };
  return { url, stop, [Symbol.asyncDispose]: stop };
}

async function inTime(work: Promise<void>, timeoutMs: number): Promise<void> {
  const { promise, reject } = Promise.withResolvers<never>();
  const timer = setTimeout(() => {
    reject(new TillcastError('internal', `The backend did not stop within ${timeoutMs} ms.`));
  }, timeoutMs);
  try {
    await Promise.race([work, promise]);
  } finally {
    clearTimeout(timer);
  }
}
