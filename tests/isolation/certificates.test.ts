import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { BrokerConnection, createLogger, ManagementClient, silentLogger } from '@tillcast/broker';
import { parseTerminalConfig, startTerminal } from '@tillcast/terminal';
import { freePort } from '@tillcast/testkit';
import { afterAll, beforeAll, describe, expect, test, vi } from 'vitest';
import { invoke } from '../../packages/cli/test/cli-host.ts';
import { repositoryFiles, textOf } from '../house/repository.ts';
import { handshakeOnly, type TestAuthority, testAuthority } from '../support/certificates.ts';

/*
 * Each client of ours against a real TLS server whose certificate is wrong in one way. None may send it a byte
 * beyond the handshake: what they would send are passwords, tokens and keys.
 */

let right: TestAuthority;
let other: TestAuthority;
beforeAll(async () => {
  right = await testAuthority();
  other = await testAuthority();
});
afterAll(async () => {
  await right[Symbol.asyncDispose]();
  await other[Symbol.asyncDispose]();
});

/** Asks a server at this port, trusting `right`; resolves to the words of the failure. */
type Ask = (port: number) => Promise<string>;

const failure = async (attempt: Promise<unknown>): Promise<string> => {
  try {
    await attempt;
  } catch (error) {
    return error instanceof Error ? error.message : String(error);
  }
  throw new Error('the server was trusted');
};

const CLIENTS: readonly (readonly [string, string, Ask])[] = [
  [
    'the broker connection',
    'AMQP_CA_FILE',
    async (port) => {
      const connection = new BrokerConnection({
        urls: [`amqps://user:password@127.0.0.1:${port}/`],
        connectionName: 'test',
        tls: { ca: right.caPem },
        logger: silentLogger,
      });
      const reason = Promise.withResolvers<string>();
      connection.onStateChange((state) => {
        if ('reason' in state && state.reason !== null) reason.resolve(state.reason.message);
        if (state.status === 'up') reason.reject(new Error('the server was trusted'));
      });
      connection.start();
      try {
        return await reason.promise;
      } finally {
        await connection.stop();
      }
    },
  ],
  [
    'the management client',
    'AMQP_CA_FILE',
    (port) => {
      const url = `https://127.0.0.1:${port}`;
      const client = new ManagementClient({ url, username: 'u', password: 'p', caPem: right.caPem });
      return failure(client.overview());
    },
  ],
  [
    'the shell',
    'TILLCAST_CA_FILE',
    async (port) => {
      const env = {
        TILLCAST_CA_FILE: right.caFile,
        TILLCAST_API_KEY: 'a-key-of-more-than-22-characters',
        TILLCAST_URL: `https://127.0.0.1:${port}`,
      };
      const { code, err } = await invoke(['license', 'list'], { env });
      expect(code).toBe(6);
      return err;
    },
  ],
  [
    'the terminal',
    'SYNC_API_CA_FILE',
    async (port) => {
      const folder = await mkdtemp(join(tmpdir(), 'tillcast-till-'));
      const failed = Promise.withResolvers<string>();
      const write = (line: string): void => {
        if (line.includes('cannot be reached') && line.includes('https://')) failed.resolve(line);
      };
      const config = parseTerminalConfig({
        LICENSE_KEY: 'EXTRO-LIFE-ABC123',
        SYNC_API_URL: `https://127.0.0.1:${port}`,
        SYNC_API_CA_FILE: right.caFile,
        AMQP_URL: `amqp://127.0.0.1:${await freePort()}`,
        TILLCAST_DATA_DIR: folder,
        PORT: String(await freePort()),
      });
      const logger = createLogger({ service: 'till', level: 'debug' }, { write });
      const till = await startTerminal(config, { logger });
      try {
        return await failed.promise;
      } finally {
        await till.stop();
        await rm(folder, { recursive: true, force: true });
      }
    },
  ],
];

// Node's own switch must not open ours.
beforeAll(() => void vi.stubEnv('NODE_TLS_REJECT_UNAUTHORIZED', '0'));
afterAll(() => void vi.unstubAllEnvs());

describe.each(CLIENTS)('%s', (_name, variable, ask) => {
  test(`[E11] does not speak to a server that another authority signed for, and names ${variable}`, async () => {
    await using server = await handshakeOnly(await other.server('server'));
    const said = await ask(server.port);
    expect(said).toContain('not signed by an authority that is trusted here');
    expect(said).toContain(variable);
    expect(server.received()).toBe(0);
  });

  test('[E11] does not speak to a server whose certificate is for another host', async () => {
    const hosts = ['pos.example.com', '127.0.0.2'];
    await using server = await handshakeOnly(await right.server('server', { hosts }));
    expect(await ask(server.port)).toContain('its certificate is for other names');
    expect(server.received()).toBe(0);
  });

  test('[E11] does not speak to a server whose certificate has expired', async () => {
    await using server = await handshakeOnly(await right.server('server', { expired: true }));
    expect(await ask(server.port)).toContain('its certificate has expired');
    expect(server.received()).toBe(0);
  });
});

test('[E11] nothing that ships can switch verification off', () => {
  const switches =
    /rejectUnauthorized: (?!true)|checkServerIdentity|NODE_TLS_REJECT_UNAUTHORIZED=|sslmode=no-verify/;
  const found = repositoryFiles().filter(
    (path) => /^(?:packages\/[^/]+\/(?:src|bin)|deploy|scripts)\//.test(path) && switches.test(textOf(path)),
  );
  expect(found.toSorted()).toEqual([
    // It asks the service beside it, and believes the one certificate that this was given, whatever names it is for.
    'deploy/health-check.mjs',
    // It names them to refuse them in an address that it is given.
    'packages/backend/src/config/database-address.ts',
  ]);
});
