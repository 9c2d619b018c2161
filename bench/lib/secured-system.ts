import { type ChildProcess, fork } from 'node:child_process';
import { once } from 'node:events';
import { join } from 'node:path';
import {
  desiredBroker,
  GUARDIAN_USER,
  ManagementClient,
  oauthNodeConfig,
  PUBLISHER_USER,
  provisionBroker,
  silentLogger,
  startPrivateNode,
} from '@tillcast/broker';
import { IDENTITY_PATHS } from '@tillcast/protocol/http/identity-api';
import { createDatabase, freePort } from '@tillcast/testkit';
import { Client } from 'pg';
import { z } from 'zod';
import type { BenchContext } from './benchmark.ts';

/** A backend and a broker as in production: provisioned, tokens only, each a process of its own. */
export interface SecuredSystem extends AsyncDisposable {
  readonly backendUrl: string;
  /** Without user and password. */
  readonly amqpUrl: string;
  /** With a user who may do everything: for the raw thing. */
  readonly rawAmqpUrl: string;
  readonly issuer: string;
  /** As the database's owner. */
  readonly database: Client;
  readonly brokerMemory: () => Promise<BrokerMemory>;
  /** What the backend's own objects take, right after its garbage is collected. */
  readonly backendHeapBytes: () => Promise<number>;
  readonly pids: { readonly broker: number; readonly backend: number; readonly database: number };
}

export interface BrokerMemory {
  /** In use by the Erlang machine. */
  readonly usedBytes: number;
  readonly residentBytes: number;
}

interface Management {
  readonly url: string;
  readonly username: string;
  readonly password: string;
}

const PASSWORD = 'for-benchmarks-on-loopback-only';

export async function startSecuredSystem(context: BenchContext): Promise<SecuredSystem> {
  await using started = new AsyncDisposableStack();
  const folder = await context.folder();
  const port = await freePort();
  const issuer = `http://127.0.0.1:${port}`;
  const node = started.use(
    await startPrivateNode({
      dataDir: join(folder, 'rabbitmq'),
      ...oauthNodeConfig({ jwksUrl: `${issuer}${IDENTITY_PATHS.jwks}` }),
      logger: silentLogger,
    }),
  );
  const management = { url: node.managementUrl, ...node.credentials };
  await provisionBroker(new ManagementClient(management), desiredBroker(), {
    [PUBLISHER_USER]: PASSWORD,
    [GUARDIAN_USER]: PASSWORD,
  });
  const databaseOf = started.adopt(await createDatabase(context.postgres.url), (made) => made.drop());
  const backend = await startBackendProcess({
    PORT: String(port),
    DATABASE_URL: databaseOf.url,
    AMQP_URL: `amqp://${PUBLISHER_USER}:${PASSWORD}@127.0.0.1:${node.ports.amqp}`,
    RABBITMQ_MANAGEMENT_URL: `http://${GUARDIAN_USER}:${PASSWORD}@127.0.0.1:${node.ports.management}`,
    TILLCAST_DATA_DIR: join(folder, 'backend'),
    TILLCAST_PUBLIC_URL: issuer,
    // A thousand tills at one address, on purpose.
    TILLCAST_RATE_LIMITS: 'off',
    LOG_LEVEL: 'silent',
  });
  started.adopt(backend, endProcess);
  const database = started.adopt(new Client({ connectionString: databaseOf.url }), (client) => client.end());
  await database.connect();
  const kept = started.move();
  return {
    backendUrl: issuer,
    amqpUrl: `amqp://127.0.0.1:${node.ports.amqp}`,
    rawAmqpUrl: node.amqpUrl,
    issuer,
    database,
    brokerMemory: () => memoryOf(management),
    backendHeapBytes: () => heapOf(backend),
    pids: { broker: node.pid, backend: pidOf(backend), database: context.postgres.pid },
    [Symbol.asyncDispose]: () => kept.disposeAsync(),
  };
}

/** Resolves when it listens. */
async function startBackendProcess(env: Readonly<Record<string, string>>): Promise<ChildProcess> {
  const program = new URL('./backend-process.ts', import.meta.url);
  const backend = fork(program, {
    execArgv: ['--expose-gc'],
    env: { PATH: process.env['PATH'] ?? '', ...env },
  });
  const ended = once(backend, 'exit').then(() => {
    throw new Error('The backend ended before it listened.');
  });
  await Promise.race([once(backend, 'message'), ended]);
  return backend;
}

async function endProcess(child: ChildProcess): Promise<void> {
  const ended = once(child, 'exit');
  child.disconnect();
  await ended;
}

function pidOf({ pid }: ChildProcess): number {
  if (pid === undefined) throw new Error('A process was started but has no id.');
  return pid;
}

const memorySchema: z.ZodType<{ readonly heapBytes: number }> = z.object({ heapBytes: z.number() });

/** What the backend's objects take after its garbage is collected. */
async function heapOf(backend: ChildProcess): Promise<number> {
  const { promise, resolve } = Promise.withResolvers<unknown>();
  backend.once('message', resolve);
  backend.send('memory');
  const answer = await promise;
  return memorySchema.parse(answer).heapBytes;
}

const nodeMemorySchema: z.ZodType<{
  readonly memory: { readonly total: { readonly erlang: number; readonly rss: number } };
}> = z.object({ memory: z.object({ total: z.object({ erlang: z.number(), rss: z.number() }) }) });
const nodesSchema: z.ZodType<readonly { readonly name: string }[]> = z.array(z.object({ name: z.string() }));

/** What the node says of itself at this moment: what Erlang uses, and what the system gave it. */
async function memoryOf(management: Management): Promise<BrokerMemory> {
  const [node] = nodesSchema.parse(await askManagement(management, '/api/nodes?columns=name'));
  const path = `/api/nodes/${encodeURIComponent(node?.name ?? '')}/memory`;
  const { memory } = nodeMemorySchema.parse(await askManagement(management, path));
  return { usedBytes: memory.total.erlang, residentBytes: memory.total.rss };
}

async function askManagement({ url, username, password }: Management, path: string): Promise<unknown> {
  const authorization = `Basic ${Buffer.from(`${username}:${password}`).toString('base64')}`;
  const answer = await fetch(url + path, { headers: { authorization } });
  if (!answer.ok) throw new Error(`${path}: ${answer.status}`);
  return answer.json();
}
