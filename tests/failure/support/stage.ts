import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import {
  ADMIN_PATHS,
  type CommitResult,
  commitResultSchema,
  type License,
  licenseSchema,
} from '@tillcast/protocol/http/admin-api';
import {
  type FaultProxy,
  freePort,
  freshDatabase,
  freshVirtualHost,
  openFaultProxy,
} from '@tillcast/testkit';
import { API_KEY } from '../../support/system.ts';
import { type OwnBroker, startOwnBroker } from './own-broker.ts';
import { type ServiceProcess, startServiceProcess } from './service-process.ts';
import { StagedTill } from './staged-till.ts';
import { TruthChecker } from './truth-checker.ts';

export interface StageOptions {
  readonly licenses: readonly string[];
  /** A RabbitMQ of its own, to be killed; default: a virtual host on the run's. */
  readonly ownBroker?: boolean;
  /** Default: a database of its own on the run's PostgreSQL. */
  readonly databaseUrl?: string;
  /** How many products each license has to begin with. Default 40. */
  readonly products?: number;
  /** The backend's variables, beside or in the place of the usual ones. */
  readonly environment?: Readonly<Record<string, string>>;
  /** Decides what the proxies leave to chance. */
  readonly seed?: number;
  readonly contentEveryMs?: number;
  readonly contentIsDue?: 'always' | 'live';
}

/** Everything for real, each part a process of its own, and a proxy on each line between them. */
export interface Stage extends AsyncDisposable {
  readonly backend: () => ServiceProcess;
  /** Where the backends keep what is theirs; the secret key, too. */
  readonly backendDataDir: string;
  /** Starts one more, beside those that run; `backend()` is the newest. @param databaseUrl another one than the usual */
  readonly startBackend: (databaseUrl?: string) => Promise<ServiceProcess>;
  /** Null where the run's is shared. */
  readonly broker: OwnBroker | null;
  /** Connects to the broker past the proxies, with all rights. */
  readonly amqpUrl: string;
  /** Connects to the database past the proxy, with all rights. */
  readonly databaseUrl: string;
  /** The lines of the tills. */
  readonly tillsToBroker: FaultProxy;
  readonly tillsToApi: FaultProxy;
  /** The lines of the backends. */
  readonly backendToBroker: FaultProxy;
  readonly backendToDatabase: FaultProxy;
  /** Watches all tills from the start. */
  readonly truth: TruthChecker;
  /** Asks the admin API. GET without a body. */
  readonly admin: (path: string, body?: unknown) => Promise<Response>;
  /** Commits to a license's catalog; rejects where that is refused. */
  readonly commit: (licenseKey: string, ...operations: readonly unknown[]) => Promise<CommitResult>;
  /** Sets the next product's price to the next one, a cent more: a change that is missing is missed in the content. */
  readonly raisePrice: (licenseKey: string) => Promise<CommitResult>;
  /** Where the license stands at the server. */
  readonly head: (licenseKey: string) => Promise<License>;
  /** A till of the license, open. */
  readonly openTill: (
    licenseKey: string,
    name: string,
    options?: { readonly environment?: Readonly<Record<string, string>>; readonly preload?: readonly URL[] },
  ) => Promise<StagedTill>;
  /** Stops watching. @throws Error where a till did not tell the truth */
  readonly finish: () => Promise<void>;
}

/** Sets the stage; each license has some products, at version 1. */
export async function setStage(options: StageOptions): Promise<Stage> {
  await using stack = new AsyncDisposableStack();
  const root = await mkdtemp(join(tmpdir(), 'tillcast-failure-'));
  stack.defer(() => rm(root, { recursive: true, force: true }));
  const broker = options.ownBroker === true ? stack.use(await startOwnBroker()) : null;
  const amqpUrl = broker?.amqpUrl ?? stack.use(await freshVirtualHost()).amqpUrl;
  const databaseUrl = options.databaseUrl ?? stack.use(await freshDatabase()).url;
  const { seed = 1, products = 40 } = options;
  const open = async (url: string, amqp = false): Promise<FaultProxy> =>
    stack.use(await openFaultProxy({ target: Number(new URL(url).port), amqp, seed }));
  const tillsToBroker = await open(amqpUrl, true);
  const backendToBroker = await open(amqpUrl);
  const backendToDatabase = await open(databaseUrl);
  const backendDataDir = join(root, 'backend');
  const startOne = (port: number, database = databaseUrl): Promise<ServiceProcess> =>
    startServiceProcess({
      script: new URL('../../support/backend-process.ts', import.meta.url),
      environment: {
        PORT: String(port),
        AMQP_URL: backendToBroker.through(amqpUrl),
        DATABASE_URL: backendToDatabase.through(database),
        TILLCAST_DATA_DIR: backendDataDir,
        TILLCAST_API_KEY: API_KEY,
        TILLCAST_AUTH: 'license-key',
        VALID_LICENSE_KEY: options.licenses.join(','),
        LOG_LEVEL: 'silent',
        ...options.environment,
      },
    });
  let backend = stack.use(await startOne(await freePort()));
  const tillsToApi = await open(backend.url);
  const tills: StagedTill[] = [];
  const truth = new TruthChecker({
    databaseUrl,
    tills: () => tills,
    contentEveryMs: options.contentEveryMs ?? 1_000,
    contentIsDue: options.contentIsDue ?? 'always',
  });
  stack.defer(() => Promise.all(tills.map((till) => till.stop())).then(() => undefined));

  const admin: Stage['admin'] = (path, body) =>
    fetch(backend.url + path, {
      headers: { authorization: `Bearer ${API_KEY}`, 'content-type': 'application/json' },
      ...(body === undefined ? {} : { method: 'POST', body: JSON.stringify(body) }),
    });
  const json = async (answering: Promise<Response>): Promise<unknown> => {
    const answer = await answering;
    const text = await answer.text();
    if (!answer.ok) throw new Error(`${answer.url} was refused: ${answer.status} ${text}`);
    return JSON.parse(text);
  };
  const commit: Stage['commit'] = async (licenseKey, ...operations) =>
    commitResultSchema.parse(await json(admin(ADMIN_PATHS.changes(licenseKey), { operations })));
  let cents = 100;
  if (products > 0) {
    for (const licenseKey of options.licenses) await commit(licenseKey, ...firstProducts(products));
  }
  truth.start();
  let isFinished = false;
  const finish = async (): Promise<void> => {
    if (isFinished) return;
    isFinished = true;
    await truth.stop();
  };
  stack.defer(finish);
  const kept = stack.move();
  return {
    backend: () => backend,
    backendDataDir,
    startBackend: async (database) => {
      backend = kept.use(await startOne(await freePort(), database));
      tillsToApi.lead(Number(new URL(backend.url).port));
      return backend;
    },
    broker,
    amqpUrl,
    databaseUrl,
    tillsToBroker,
    tillsToApi,
    backendToBroker,
    backendToDatabase,
    truth,
    admin,
    commit,
    raisePrice: (licenseKey) => {
      cents += 1;
      return commit(licenseKey, { op: 'set_price', product_id: `P${cents % products}`, price: cents / 100 });
    },
    head: async (licenseKey) => licenseSchema.parse(await json(admin(ADMIN_PATHS.license(licenseKey)))),
    openTill: async (licenseKey, name, { environment = {}, preload = [] } = {}) => {
      const till = new StagedTill({
        name,
        licenseKey,
        preload,
        environment: {
          LICENSE_KEY: licenseKey,
          SYNC_API_URL: tillsToApi.through(backend.url).replace(/\/$/, ''),
          AMQP_URL: tillsToBroker.through(amqpUrl),
          TILLCAST_DATA_DIR: join(root, name),
          // They start often.
          NODE_COMPILE_CACHE: join(root, 'compiled'),
          LOG_LEVEL: 'silent',
          ...environment,
        },
      });
      tills.push(till);
      await till.start();
      return till;
    },
    finish,
    [Symbol.asyncDispose]: () => kept.disposeAsync(),
  };
}

function firstProducts(count: number): readonly unknown[] {
  return Array.from({ length: count }, (_, index) => ({
    op: 'put',
    kind: 'product',
    item: { id: `P${index}`, name: `Product ${index}`, price: 1, currency: 'GBP' },
  }));
}
