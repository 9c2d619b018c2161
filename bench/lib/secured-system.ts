import { join } from 'node:path';
import { parseBackendConfig, startBackend } from '@tillcast/backend';
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

/** A backend and a broker as in production: provisioned, tokens only. */
export interface SecuredSystem extends AsyncDisposable {
  readonly backendUrl: string;
  /** Without user and password. */
  readonly amqpUrl: string;
  /** With a user who may do everything: for the raw thing. */
  readonly rawAmqpUrl: string;
  readonly issuer: string;
  /** As the database's owner. */
  readonly database: Client;
  readonly brokerMemoryBytes: () => Promise<number>;
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
  const config = parseBackendConfig({
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
  started.adopt(await startBackend(config), (backend) => backend.stop());
  const database = started.adopt(new Client({ connectionString: databaseOf.url }), (client) => client.end());
  await database.connect();
  const kept = started.move();
  return {
    backendUrl: issuer,
    amqpUrl: `amqp://127.0.0.1:${node.ports.amqp}`,
    rawAmqpUrl: node.amqpUrl,
    issuer,
    database,
    brokerMemoryBytes: () => memoryOf(management),
    [Symbol.asyncDispose]: () => kept.disposeAsync(),
  };
}

const nodesSchema: z.ZodType<readonly { readonly mem_used: number }[]> = z.array(
  z.object({ mem_used: z.number() }),
);

/** What the node itself says that it uses. */
async function memoryOf(management: {
  readonly url: string;
  readonly username: string;
  readonly password: string;
}): Promise<number> {
  const { url, username, password } = management;
  const authorization = `Basic ${Buffer.from(`${username}:${password}`).toString('base64')}`;
  const answer = await fetch(`${url}/api/nodes`, { headers: { authorization } });
  const nodes = nodesSchema.parse(await answer.json());
  return nodes.reduce((sum, { mem_used }) => sum + mem_used, 0);
}
