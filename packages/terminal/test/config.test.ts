import { writeFileSync } from 'node:fs';
import { TillcastError } from '@tillcast/protocol/errors';
import { expect, test } from 'vitest';
import { parseTerminalConfig } from '../src/index.ts';
import { tempFolder } from './temp-folder.ts';

const LICENSE_KEY = 'EXTRO-LIFE-ABC123';

/** What is wrong, by variable; each is named in the message too. */
function problemsOf(variables: Record<string, string>): Record<string, string> {
  try {
    parseTerminalConfig(variables);
    return {};
  } catch (error) {
    if (!(error instanceof TillcastError) || error.code !== 'configuration_invalid') throw error;
    const named = error.details.filter(({ pointer }) => error.message.includes(pointer));
    return Object.fromEntries(named.map(({ pointer, detail }) => [pointer, detail]));
  }
}

test('a license key is all that must be set', () => {
  expect(parseTerminalConfig({ LICENSE_KEY })).toEqual({
    licenseKey: LICENSE_KEY,
    terminalName: 'Till',
    syncApiUrl: 'http://localhost:8080',
    broker: { urls: ['amqp://guest:guest@127.0.0.1:5672/%2F'], caPem: null },
    host: '127.0.0.1',
    port: 8101,
    dataDir: '.tillcast/terminal',
    logLevel: 'info',
  });
});

test('one error names every variable that is wrong', () => {
  const problems = problemsOf({
    LICENSE_KEY: 'a.b',
    TERMINAL_NAME: 'x'.repeat(65),
    SYNC_API_URL: 'ftp://backend',
    AMQP_URL: 'http://broker',
    HOST: '0.0.0.0',
    PORT: '70000',
    LOG_LEVEL: 'loud',
    TILLCAST_DATADIR: 'x',
  });
  expect(Object.keys(problems).toSorted()).toEqual([
    'AMQP_URL',
    'HOST',
    'LICENSE_KEY',
    'LOG_LEVEL',
    'PORT',
    'SYNC_API_URL',
    'TERMINAL_NAME',
    'TILLCAST_DATADIR',
  ]);
  expect(problems['PORT']).toBe('must be a whole number from 1 to 65535, not "70000"');
  expect(problems['TILLCAST_DATADIR']).toContain('TILLCAST_DATA_DIR');
});

test.each([
  '',
  'A.B-C12',
  'EXTRO-LIFE-*',
  'EXTRO LIFE',
  'extro-life',
  'EXTRO\u0000LIFE',
  '#######',
  'A',
  `A${'B'.repeat(64)}`,
])('[L1] the license key %j is refused', (key) => {
  expect(problemsOf({ LICENSE_KEY: key })).toHaveProperty('LICENSE_KEY');
});

test.each(['-1', '0', '1.5', '0x10', '1e3', 'NaN', ' ', '65536', '99999999999999999999'])(
  'the port %j is refused or not set',
  (port) => {
    const problems = problemsOf({ LICENSE_KEY, PORT: port });
    expect('PORT' in problems).toBe(port !== ' ');
  },
);

test('the broker may be named by its parts, which are escaped in the address', () => {
  const { broker } = parseTerminalConfig({
    LICENSE_KEY,
    RABBITMQ_HOST: 'broker.example',
    RABBITMQ_PORT: '5673',
    RABBITMQ_USER: 'a@b',
    RABBITMQ_PASS: 'p:/?#',
    RABBITMQ_VHOST: 'tills/1',
  });
  expect(broker.urls).toEqual(['amqp://a%40b:p%3A%2F%3F%23@broker.example:5673/tills%2F1']);
});

test('several hosts may stand in AMQP_URL; beside it the parts are refused, and no message shows a password', () => {
  const urls = ['amqp://u:secret@one/v', 'amqps://u:secret@two:5671/v'];
  expect(parseTerminalConfig({ LICENSE_KEY, AMQP_URL: urls.join(', ') }).broker.urls).toEqual(urls);
  expect(problemsOf({ LICENSE_KEY, AMQP_URL: urls.join(','), RABBITMQ_HOST: 'three' })).toHaveProperty(
    'AMQP_URL',
  );
  expect(JSON.stringify(problemsOf({ LICENSE_KEY, AMQP_URL: 'http://u:secret@one' }))).not.toContain(
    'secret',
  );
});

test('a secret may stand in a file', () => {
  using folder = tempFolder();
  writeFileSync(folder.file('pass'), 'from file\n');
  const { broker } = parseTerminalConfig({ LICENSE_KEY, RABBITMQ_PASS_FILE: folder.file('pass') });
  expect(broker.urls[0]).toContain('from%20file');
  expect(problemsOf({ LICENSE_KEY, RABBITMQ_PASS_FILE: folder.file('none') })).toHaveProperty(
    'RABBITMQ_PASS_FILE',
  );
  const both = { LICENSE_KEY, RABBITMQ_PASS_FILE: folder.file('pass'), RABBITMQ_PASS: 'x' };
  expect(problemsOf(both)).toHaveProperty('RABBITMQ_PASS');
});
