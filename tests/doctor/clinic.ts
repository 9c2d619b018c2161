import { mkdtemp, readFile, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { parseBackendConfig, type RunningBackend, startBackend } from '@tillcast/backend';
import {
  createFetch,
  desiredBroker,
  ManagementClient,
  oauthNodeConfig,
  type PrivateNode,
  provisionBroker,
  silentLogger,
  startPrivateNode,
} from '@tillcast/broker';
import { ADMIN_PATHS, createdLicenseSchema } from '@tillcast/protocol/http/admin-api';
import { IDENTITY_PATHS } from '@tillcast/protocol/http/identity-api';
import { freePort, type PrivatePostgres, startPrivatePostgres } from '@tillcast/testkit';
import { z } from 'zod';
import type { Fault } from '../../packages/cli/src/doctor/check.ts';
import type { Examination } from '../../packages/cli/src/doctor/examine.ts';
import { type Invocation, invoke } from '../../packages/cli/test/cli-host.ts';
import { tillFolder } from '../support/activated-tills.ts';
import { API_KEY } from '../support/system.ts';

export const LICENSE = 'DOCTOR-LIFE-SHOP1';
export const PASSWORDS = {
  'tillcast-publisher': 'publisher-of-a-test',
  'tillcast-guardian': 'guardian-of-a-test',
};

type Environment = Readonly<Record<string, string>>;

/** A whole deployment on one machine, well until something is planted: TLS everywhere, tokens, PostgreSQL, one till. */
export interface Clinic extends AsyncDisposable {
  readonly folder: string;
  readonly caFile: string;
  readonly node: PrivateNode;
  readonly management: ManagementClient;
  readonly database: PrivatePostgres;
  readonly backend: RunningBackend;
  readonly tillDir: string;
  /** Variables of a backend, of its operator, and of the till's machine. */
  readonly backendEnv: Environment;
  readonly operatorEnv: Environment;
  readonly tillEnv: Environment;
  /** Asks the admin API; rejects where it refuses. */
  readonly admin: (method: 'POST' | 'PATCH', path: string, body?: unknown) => Promise<unknown>;
}

const faultSchema: z.ZodType<Fault> = z.object({
  grade: z.enum(['warning', 'failure']),
  what: z.string().min(1),
  observed: z.string().min(1),
  expected: z.string().min(1),
  cause: z.string().min(1),
  mend: z.string().min(1),
});
const examinationSchema: z.ZodType<Examination> = z.object({
  at: z.iso.datetime(),
  status: z.enum(['well', 'warning', 'failure']),
  checks: z.array(
    z.object({
      id: z.string(),
      title: z.string(),
      status: z.enum(['well', 'warning', 'failure', 'skipped']),
      expected: z.string(),
      observed: z.string().min(1),
      faults: z.array(faultSchema),
    }),
  ),
});

/** What `tillcast doctor --json` said. */
export type Diagnosis = Examination & Invocation;

/** Runs the doctor with these variables and nothing else. */
export async function doctor(env: Environment, ...argv: readonly string[]): Promise<Diagnosis> {
  const ran = await invoke(['doctor', '--json', ...argv], { env, cwd: '/' });
  if (ran.out === '') throw new Error(`doctor ended with ${ran.code} and said: ${ran.err}`);
  return { ...examinationSchema.parse(JSON.parse(ran.out)), ...ran };
}

/** What is wrong, a line each: `broker.exchange failure exchange pos_license_events: missing (nobody provisioned it)`. */
export function faultsIn({ checks }: Diagnosis): readonly string[] {
  return checks.flatMap(({ id, faults }) =>
    faults.map(({ grade, what, observed, cause }) => `${id} ${grade} ${what}: ${observed} (${cause})`),
  );
}

export function withLogin(address: string, user: string, password: string): string {
  const url = new URL(address);
  url.username = user;
  url.password = password;
  return url.href;
}

/** Starts all of it. */
export async function openClinic(): Promise<Clinic> {
  await using stack = new AsyncDisposableStack();
  const folder = await mkdtemp(join(tmpdir(), 'tillcast-clinic-'));
  stack.defer(() => rm(folder, { recursive: true, force: true }));
  const tls = join(folder, 'tls');
  await invoke(['tls', 'init', '--out', tls]);
  const caFile = join(tls, 'ca.pem');
  const caPem = await readFile(caFile, 'utf8');
  const port = await freePort();
  const jwksUrl = `https://localhost:${port}${IDENTITY_PATHS.jwks}`;
  const [node, database] = await Promise.all([
    startPrivateNode({
      dataDir: join(folder, 'rabbitmq'),
      logger: silentLogger,
      stopTimeoutMs: 1_000,
      tls: { caFile, certFile: join(tls, 'rabbitmq.pem'), keyFile: join(tls, 'rabbitmq.key.pem') },
      ...oauthNodeConfig({ jwksUrl, authoritiesFile: caFile }),
    }),
    startPrivatePostgres({ fsync: false }),
  ]);
  stack.use(node);
  stack.use(database);
  const management = new ManagementClient({ url: node.managementUrl, ...node.credentials, caPem });
  await provisionBroker(management, desiredBroker(), PASSWORDS);
  const backendEnv = {
    HOST: 'localhost',
    PORT: String(port),
    TLS_CERT_FILE: join(tls, 'backend.pem'),
    TLS_KEY_FILE: join(tls, 'backend.key.pem'),
    AMQP_URL: withLogin(node.amqpUrl, 'tillcast-publisher', PASSWORDS['tillcast-publisher']),
    AMQP_CA_FILE: caFile,
    RABBITMQ_MANAGEMENT_URL: withLogin(
      node.managementUrl,
      'tillcast-guardian',
      PASSWORDS['tillcast-guardian'],
    ),
    DATABASE_URL: database.url,
    TILLCAST_DATA_DIR: join(folder, 'backend'),
    TILLCAST_API_KEY: API_KEY,
    TILLCAST_RATE_LIMITS: 'off',
    LOG_LEVEL: 'silent',
  };
  const backend = stack.use(await startBackend(parseBackendConfig(backendEnv)));
  const fetch = createFetch(caPem);
  const admin: Clinic['admin'] = async (method, path, body = {}) => {
    const headers = { authorization: `Bearer ${API_KEY}`, 'content-type': 'application/json' };
    const answer = await fetch(backend.url + path, { method, headers, body: JSON.stringify(body) });
    if (!answer.ok) throw new Error(await answer.text());
    return answer.json();
  };
  const created = await admin('POST', ADMIN_PATHS.licenses, { key: LICENSE });
  const { activation_code: activationCode } = createdLicenseSchema.parse(created);
  const till = tillFolder(folder);
  const tillEnv = {
    TILLCAST_DATA_DIR: till.path,
    XDG_CONFIG_HOME: join(folder, 'settings'),
    TILLCAST_KEY_STORE: 'file',
    SYNC_API_CA_FILE: caFile,
    AMQP_CA_FILE: caFile,
    PORT: String(await freePort()),
  };
  await till.activate({ key: LICENSE, activationCode }, backend.url, 'Counter 1', tillEnv);
  const running = await till.start(tillEnv);
  await running.stop();
  const kept = stack.move();
  return {
    folder,
    caFile,
    node,
    management,
    database,
    backend,
    tillDir: till.path,
    backendEnv,
    operatorEnv: {
      ...backendEnv,
      RABBITMQ_ADMIN_URL: withLogin(node.managementUrl, node.credentials.username, node.credentials.password),
      TILLCAST_URL: backend.url,
      TILLCAST_CA_FILE: caFile,
    },
    tillEnv,
    admin,
    [Symbol.asyncDispose]: () => kept.disposeAsync(),
  };
}
