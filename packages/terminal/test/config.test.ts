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

test('nothing must be set: a till that was activated knows the rest', () => {
  expect(parseTerminalConfig({ HOME: '/nobody' })).toEqual({
    licenseKey: null,
    terminalName: null,
    syncApiUrl: null,
    otherSyncApiUrls: [],
    syncApiCaPem: null,
    broker: { urls: ['amqp://guest:guest@127.0.0.1:5672/%2F'], caPem: null },
    brokerNamed: false,
    keyStore: 'auto',
    keyPassphrase: null,
    machineSecretPath: '/nobody/.config/tillcast/machine-secret',
    host: '127.0.0.1',
    port: 8101,
    dataDir: '.tillcast/terminal',
    logLevel: 'info',
    plaintextAllowed: false,
    plaintextWarnings: [],
    unknownVariables: [],
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
  expect(problems['PORT']).toContain('from 1 to 65535, not "70000"');
  expect(problems['TILLCAST_DATADIR']).toContain('TILLCAST_DATA_DIR');
});

test('[B41] backend and broker may have several addresses each, and every one is judged', () => {
  const amqp = 'amqps://rabbit1.example.com/,amqps://rabbit2.example.com/';
  const sync = 'https://one.example.com:8080/, https://two.example.com:8080';
  expect(parseTerminalConfig({ SYNC_API_URL: sync, AMQP_URL: amqp })).toMatchObject({
    syncApiUrl: 'https://one.example.com:8080',
    otherSyncApiUrls: ['https://two.example.com:8080'],
    broker: { urls: ['amqps://rabbit1.example.com/', 'amqps://rabbit2.example.com/'] },
  });
  const problems = problemsOf({ SYNC_API_URL: `${sync},http://three.example.com` });
  expect(problems['SYNC_API_URL']).toContain('"three.example.com" in plain text');
  expect(problemsOf({ SYNC_API_URL: `${sync},ftp://three` })).toHaveProperty('SYNC_API_URL');
});

test.each([
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

test.each(['127.0.0.2', '127.999.1.1', '0.0.0.0'])(
  '[T7] the page is not served at %s, where every request would be refused',
  (HOST) => {
    expect(problemsOf({ LICENSE_KEY, HOST })).toHaveProperty('HOST');
  },
);

test('the license and the broker’s password may stand in files', () => {
  using folder = tempFolder();
  writeFileSync(folder.file('license'), `${LICENSE_KEY}\n`);
  writeFileSync(folder.file('pass'), 'from file\n');
  const files = { LICENSE_KEY_FILE: folder.file('license'), RABBITMQ_PASS_FILE: folder.file('pass') };
  const { licenseKey, broker } = parseTerminalConfig(files);
  expect(licenseKey).toBe(LICENSE_KEY);
  expect(broker.urls[0]).toContain('from%20file');
});

test('a license whose file cannot be read is named', () => {
  using folder = tempFolder();
  expect(Object.keys(problemsOf({ LICENSE_KEY_FILE: folder.file('none') }))).toEqual(['LICENSE_KEY_FILE']);
});

test('a passphrase that anyone would guess is not taken', () => {
  expect(problemsOf({ TILLCAST_KEY_PASSPHRASE: 'short' })).toHaveProperty('TILLCAST_KEY_PASSPHRASE');
});

test('a variable of ours that resembles nothing is only remarked', () => {
  const { unknownVariables } = parseTerminalConfig({ LICENSE_KEY, TILLCAST_SOMETHING_ELSE: '1' });
  expect(unknownVariables).toEqual(['TILLCAST_SOMETHING_ELSE']);
});
