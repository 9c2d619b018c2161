import { parseBackendConfig } from '@tillcast/backend';
import { readRestoreTarget } from '@tillcast/backend/backup';
import { isLoopbackHost } from '@tillcast/broker';
import { TillcastError } from '@tillcast/protocol/errors';
import { parseTerminalConfig } from '@tillcast/terminal';
import fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import { invoke } from '../../packages/cli/test/cli-host.ts';

type Environment = Readonly<Record<string, string>>;

const SERVICES: Readonly<
  Record<string, (environment: Environment) => { readonly plaintextWarnings: readonly string[] }>
> = {
  backend: (environment) => parseBackendConfig(environment),
  restore: (environment) => readRestoreTarget(environment),
  terminal: (environment) => parseTerminalConfig({ LICENSE_KEY: 'EXTRO-LIFE-ABC123', ...environment }),
};

/** The variables that a configuration is refused for. */
function refusedFor(service: string, environment: Environment): readonly string[] {
  try {
    SERVICES[service]?.(environment);
    return [];
  } catch (error) {
    if (!(error instanceof TillcastError) || error.code !== 'configuration_invalid') throw error;
    // Each says what would happen and how it is allowed.
    const said = error.details.filter(({ detail }) =>
      /plain text: .*TILLCAST_PLAINTEXT=allowed/.test(detail),
    );
    return said.map(({ pointer }) => pointer);
  }
}

const PLAIN: readonly (readonly [string, string, Environment])[] = [
  ['backend', 'HOST', { HOST: '0.0.0.0' }],
  ['backend', 'HOST', { HOST: '192.168.1.20' }],
  ['backend', 'AMQP_URL', { AMQP_URL: 'amqps://u:p@one/,amqp://u:p@two/' }],
  ['backend', 'RABBITMQ_HOST', { RABBITMQ_HOST: 'rabbit' }],
  ['backend', 'DATABASE_URL', { DATABASE_URL: 'postgresql://u:p@db/x' }],
  ['backend', 'DATABASE_URL', { DATABASE_URL: 'postgresql://u:p@db/x?sslmode=disable' }],
  ['backend', 'DATABASE_URL', { DATABASE_URL: 'postgresql://u:p@db/x?sslmode=no-verify' }],
  ['backend', 'DATABASE_URL', { DATABASE_URL: 'postgresql://u:p@db/x?ssl=no-verify' }],
  ['backend', 'DATABASE_URL', { DATABASE_URL: 'postgresql://u:p@db/x?uselibpqcompat=true&sslmode=require' }],
  ['backend', 'DATABASE_URL', { DATABASE_URL: 'postgresql://u:p@localhost/x?host=db' }],
  [
    'backend',
    'DATABASE_URL',
    { DATABASE_URL: 'postgresql://u:p@db/x?sslmode=verify-full', NODE_TLS_REJECT_UNAUTHORIZED: '0' },
  ],
  ['restore', 'DATABASE_URL', { DATABASE_URL: 'postgresql://u:p@db/x' }],
  ['backend', 'RABBITMQ_MANAGEMENT_URL', { RABBITMQ_MANAGEMENT_URL: 'http://u:p@rabbit:15672' }],
  ['backend', 'TILLCAST_PUBLIC_URL', { TILLCAST_PUBLIC_URL: 'http://pos.example.com' }],
  ['backend', 'TILLCAST_TERMINAL_AMQP_URLS', { TILLCAST_TERMINAL_AMQP_URLS: 'amqp://rabbit.example.com' }],
  ['terminal', 'SYNC_API_URL', { SYNC_API_URL: 'http://pos.example.com' }],
  ['terminal', 'AMQP_URL', { AMQP_URL: 'amqp://u:p@rabbit.example.com/' }],
  ['terminal', 'RABBITMQ_HOST', { RABBITMQ_HOST: '10.0.0.7' }],
];

describe('[E12] plain text to or from another machine', () => {
  test.each(PLAIN)('[E12] %s: %s refuses to start', (service, variable, environment) => {
    expect(refusedFor(service, environment)).toEqual([variable]);
    expect(refusedFor(service, { ...environment, TILLCAST_PLAINTEXT: 'refused' })).toEqual([variable]);
  });

  test.each(PLAIN)(
    '[E12] %s: %s is allowed by TILLCAST_PLAINTEXT, and said',
    (service, variable, environment) => {
      const config = SERVICES[service]?.({ ...environment, TILLCAST_PLAINTEXT: 'allowed' });
      expect(config?.plaintextWarnings).toEqual([expect.stringMatching(new RegExp(`^${variable} would`))]);
    },
  );

  test.each(['yes', 'true', '1'])('[E12] TILLCAST_PLAINTEXT=%s allows nothing', (word) => {
    expect(() => parseBackendConfig({ HOST: '0.0.0.0', TILLCAST_PLAINTEXT: word })).toThrow(
      /TILLCAST_PLAINTEXT must be one of allowed, refused/,
    );
  });

  test('[E12] on this machine alone nothing is refused', () => {
    for (const host of ['127.0.0.1', '127.8.8.8', 'localhost', '[::1]']) {
      const config = parseBackendConfig({
        HOST: host.replace(/[[\]]/g, ''),
        AMQP_URL: `amqp://u:p@${host}/`,
        DATABASE_URL: `postgresql://u:p@${host}/x`,
        RABBITMQ_MANAGEMENT_URL: `http://u:p@${host}:15672`,
      });
      expect(config.plaintextWarnings).toEqual([]);
      const till = { SYNC_API_URL: `http://${host}:8080`, AMQP_URL: `amqp://u:p@${host}/` };
      expect(SERVICES['terminal']?.(till).plaintextWarnings).toEqual([]);
    }
  });

  test.each(['postgresql:///x?host=/var/run/postgresql', 'postgresql://%2Fvar%2Frun%2Fpostgresql/x'])(
    '[E12] a Unix socket is this machine: %s',
    (url) => {
      expect(parseBackendConfig({ DATABASE_URL: url }).plaintextWarnings).toEqual([]);
    },
  );

  test('[E12] with TLS every address is taken', () => {
    const till = { SYNC_API_URL: 'https://pos.example.com', AMQP_URL: 'amqps://u:p@rabbit.example.com/' };
    expect(SERVICES['terminal']?.(till).plaintextWarnings).toEqual([]);
    for (const mode of ['verify-full', 'verify-ca', 'require']) {
      const url = `postgresql://u:p@db.example.com/x?sslmode=${mode}`;
      expect(parseBackendConfig({ DATABASE_URL: url }).plaintextWarnings).toEqual([]);
    }
  });
});

test('[E12] the attacks do not take the database’s password to another machine in plain text', async () => {
  const env = { TILLCAST_API_KEY: 'a-key-of-more-than-22-characters', DATABASE_URL: 'postgresql://u:p@db/x' };
  expect(await invoke(['doctor', '--attack', '--yes'], { env })).toMatchObject({
    code: 2,
    err: expect.stringContaining('DATABASE_URL would carry the login'),
  });
});

test('[E12] the shell does not send its key to another machine in plain text', async () => {
  const env = { TILLCAST_API_KEY: 'a-key-of-more-than-22-characters', TILLCAST_URL: 'http://192.0.2.1:9' };
  const { code, err } = await invoke(['license', 'list'], { env });
  expect({ code, err }).toEqual({
    code: 2,
    err: expect.stringContaining('would carry the API key to 192.0.2.1 in plain text'),
  });
  const byFlag = await invoke(['license', 'list', '--url', 'http://pos.example.com'], { env });
  expect(byFlag.code).toBe(2);
});

test('[E12] only localhost, 127.0.0.0/8 and ::1 are this machine', () => {
  fc.assert(
    fc.property(fc.ipV4(), (address) => {
      expect([address, isLoopbackHost(address)]).toEqual([address, address.startsWith('127.')]);
    }),
  );
  for (const host of ['::1', '[::1]', '0:0:0:0:0:0:0:1', 'localhost', 'LocalHost', 'localhost.'])
    expect([host, isLoopbackHost(host)]).toEqual([host, true]);
  for (const host of [
    '0.0.0.0',
    '::',
    '::2',
    '[::]',
    'fe80::1',
    '',
    'localhost.example.com',
    'notlocalhost',
    '127.0.0.1.example.com',
    '127.1',
    '1.127.0.0',
  ])
    expect([host, isLoopbackHost(host)]).toEqual([host, false]);
});
