import { randomBytes } from 'node:crypto';
import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { desiredBroker, provisionBroker } from '@tillcast/broker';
import { IDENTITY_PATHS } from '@tillcast/protocol/http/identity-api';
import {
  type FreshDatabase,
  type FreshVirtualHost,
  freshDatabase,
  freshVirtualHost,
} from '@tillcast/testkit';
import { z } from 'zod';
import { type OwnedStage, type StageOptions, setStage } from '../../packages/cli/src/attack/set-stage.ts';
import { type ForkedBackend, forkBackend } from './forked-backend.ts';
import { API_KEY } from './system.ts';

/** A backend that takes tokens alone, on PostgreSQL, whose publisher may do what a publisher may. */
export interface AttackedSystem extends AsyncDisposable {
  /** A process of its own: what its memory grows by is not the attacker's. */
  readonly backend: ForkedBackend;
  readonly virtualHost: FreshVirtualHost;
  readonly database: FreshDatabase;
  readonly stageOptions: StageOptions;
  /** Two throw-away licenses on it; clear it away at the end. */
  readonly setStage: (changes?: Partial<StageOptions>) => Promise<OwnedStage>;
}

/** @param environment the backend's variables, beside or in the place of the usual ones */
export async function startAttackedSystem(
  environment: Readonly<Record<string, string>> = {},
): Promise<AttackedSystem> {
  await using stack = new AsyncDisposableStack();
  const root = await mkdtemp(join(tmpdir(), 'tillcast-attacked-'));
  stack.defer(() => rm(root, { recursive: true, force: true }));
  const virtualHost = stack.use(await freshVirtualHost());
  const database = stack.use(await freshDatabase());
  const { management, name: vhost } = virtualHost;
  const desired = desiredBroker({ vhost, publisher: `${vhost}-publisher`, guardian: `${vhost}-guardian` });
  const login = { username: `${vhost}-publisher`, password: randomBytes(16).toString('hex') };
  stack.defer(() => management.deleteUsers(desired.users.map(({ name }) => name)));
  await provisionBroker(management, desired, { [login.username]: login.password });
  const publisherUrl = withLogin(virtualHost.amqpUrl, login);
  const administratorUrl = withLogin(virtualHost.managementUrl, virtualHost.credentials);
  const backend = stack.use(
    await forkBackend({
      PORT: '0',
      AMQP_URL: publisherUrl,
      RABBITMQ_MANAGEMENT_URL: administratorUrl,
      DATABASE_URL: database.url,
      TILLCAST_DATA_DIR: join(root, 'backend'),
      TILLCAST_API_KEY: API_KEY,
      TILLCAST_AUTH: 'token',
      TILLCAST_PUBLIC_URL: 'http://localhost:8080',
      LOG_LEVEL: 'silent',
      ...environment,
    }),
  );
  await virtualHost.registerJwks(await keysOf(backend));
  const stageOptions: StageOptions = {
    url: backend.url,
    apiKey: API_KEY,
    caPem: null,
    amqpCaPem: null,
    publisherUrl,
    guardian: `${vhost}-guardian`,
    // The node is shared with test files that have users and virtual hosts of their own.
    othersFindings: new RegExp(`^(?!.*${vhost})(user (?!guest)|block of |.* in test-)`),
    administratorUrl,
    databaseUrl: database.url,
    tillEnvironment: {
      TILLCAST_DATA_DIR: join(root, 'till'),
      XDG_CONFIG_HOME: join(root, 'settings'),
      TILLCAST_KEY_STORE: 'file',
    },
  };
  const kept = stack.move();
  return {
    backend,
    virtualHost,
    database,
    stageOptions,
    setStage: (changes = {}) => setStage({ ...stageOptions, ...changes }),
    [Symbol.asyncDispose]: () => kept.disposeAsync(),
  };
}

function withLogin(
  address: string,
  { username, password }: { readonly username: string; readonly password: string },
): string {
  const url = new URL(address);
  url.username = username;
  url.password = password;
  return url.href;
}

const jwksSchema = z.object({ keys: z.array(z.looseObject({ kid: z.string() })) });

async function keysOf(backend: ForkedBackend): Promise<z.infer<typeof jwksSchema>['keys']> {
  const answer = await fetch(backend.url + IDENTITY_PATHS.jwks);
  return jwksSchema.parse(await answer.json()).keys;
}
