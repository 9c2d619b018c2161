import { existsSync, readdirSync, readFileSync, statSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { silentLogger } from '@tillcast/broker';
import { TillcastError } from '@tillcast/protocol/errors';
import { freePort } from '@tillcast/testkit';
import { expect, test } from 'vitest';
import { readTillKey } from '../src/identity/key-store.ts';
import { keyStoreOptionsOf } from '../src/identity/open-credentials.ts';
import {
  activateThisTill,
  parseTerminalConfig,
  readIdentity,
  resetTill,
  startTerminal,
  type TerminalConfig,
  type TillIdentity,
} from '../src/index.ts';
import { LICENSE, OTHER_LICENSE } from './running-till.ts';
import { openSold, sell } from './sales/sold.ts';
import { ScriptedActivation } from './scripted-activation.ts';
import { tempFolder } from './temp-folder.ts';

const CODE = '4T3ZK-XXXXX-XXXXX-XXXXX-XXXXX-X';

function configIn(folder: string, environment: Readonly<Record<string, string>> = {}): TerminalConfig {
  return parseTerminalConfig({
    TILLCAST_DATA_DIR: join(folder, 'till'),
    XDG_CONFIG_HOME: join(folder, 'settings'),
    TILLCAST_KEY_STORE: 'file',
    ...environment,
  });
}

function activate(config: TerminalConfig, backendUrl: string, licenseKey = LICENSE): Promise<TillIdentity> {
  return activateThisTill(config, { licenseKey, activationCode: CODE, name: 'Counter 2', backendUrl });
}

/** Everything that is written beneath a folder. */
function allText(folder: string): string {
  return readdirSync(folder, { recursive: true, withFileTypes: true })
    .filter((entry) => entry.isFile())
    .map((entry) => readFileSync(join(entry.parentPath, entry.name), 'latin1'))
    .join('\n');
}

test('[G20] an activated till keeps who it is and its key, in files of its own alone, and sends only the public half', async () => {
  using folder = tempFolder();
  await using server = await ScriptedActivation.start();
  const config = configIn(folder.path);
  const identity = await activate(config, server.url);
  expect(readIdentity(config.dataDir)).toEqual(identity);
  expect(identity).toMatchObject({ license_key: LICENSE, name: 'Counter 2', backend_url: server.url });
  const key = await readTillKey(identity.key, keyStoreOptionsOf(config));
  expect(server.requests).toEqual([
    { license_key: LICENSE, activation_code: CODE, name: 'Counter 2', public_key: key?.publicKey },
  ]);
  for (const name of ['identity.json', 'identity.key']) {
    expect(statSync(join(config.dataDir, name)).mode & 0o777, name).toBe(0o600);
  }
});

test('[G22] the activation code is kept nowhere, and stands in no URL', async () => {
  using folder = tempFolder();
  await using server = await ScriptedActivation.start();
  await activate(configIn(folder.path), server.url);
  expect(allText(folder.path)).not.toContain(CODE.slice(0, 11));
  expect(server.urls).toEqual(['/api/v1/terminals/activate']);
});

test('[G28] a lost answer costs no second terminal: the same key is shown again', async () => {
  using folder = tempFolder();
  await using server = await ScriptedActivation.start();
  const config = configIn(folder.path);
  server.losesAnswers = true;
  await expect(activate(config, server.url)).rejects.toMatchObject({ code: 'backend_unavailable' });
  expect(readIdentity(config.dataDir)).toBeNull();
  server.losesAnswers = false;
  const identity = await activate(config, server.url);
  expect(server.requests[1]?.public_key).toEqual(server.requests[0]?.public_key);
  expect(server.terminals).toBe(1);
  expect(await readTillKey(identity.key, keyStoreOptionsOf(config))).not.toBeNull();
});

test('[G28] a refusal leaves the till as it was, and the next try may be for another license', async () => {
  using folder = tempFolder();
  await using server = await ScriptedActivation.start();
  const config = configIn(folder.path);
  server.refuseWith = 'activation_refused';
  await expect(activate(config, server.url)).rejects.toMatchObject({ code: 'activation_refused' });
  expect(readIdentity(config.dataDir)).toBeNull();
  server.refuseWith = null;
  const { license_key } = await activate(config, server.url, OTHER_LICENSE);
  expect(license_key).toBe(OTHER_LICENSE);
  const [first, second] = server.requests;
  expect(second?.public_key, 'a key is for one license').not.toEqual(first?.public_key);
});

test('[G28] a till is activated once; reset, it has forgotten all of it and can be activated anew', async () => {
  using folder = tempFolder();
  await using server = await ScriptedActivation.start();
  const config = configIn(folder.path);
  const first = await activate(config, server.url);
  await expect(activate(config, server.url)).rejects.toMatchObject({ code: 'already_activated' });
  expect(server.requests).toHaveLength(1);
  writeFileSync(join(config.dataDir, 'catalog.sqlite'), 'a catalog');
  await resetTill(config);
  expect(readdirSync(config.dataDir).filter((name) => name !== 'till.lock')).toEqual([]);
  const second = await activate(config, server.url);
  expect(second.key.id).not.toBe(first.key.id);
});

test('[G28] a till with unsent sales is not reset', async () => {
  using folder = tempFolder();
  await using server = await ScriptedActivation.start();
  const config = configIn(folder.path);
  const identity = await activate(config, server.url);
  {
    using sales = openSold(join(config.dataDir, 'sales.sqlite'));
    sell(sales);
    sell(sales);
  }
  await expect(resetTill(config)).rejects.toMatchObject({
    code: 'unsent_sales',
    message: expect.stringContaining('2 sales wait'),
  });
  expect(readIdentity(config.dataDir)).toEqual(identity);
  expect(existsSync(join(config.dataDir, 'identity.key'))).toBe(true);
  expect(statSync(join(config.dataDir, 'sales.sqlite')).mode & 0o777).toBe(0o600);
});

test('[G28] a till that runs is neither activated nor reset', async () => {
  using folder = tempFolder();
  await using server = await ScriptedActivation.start();
  const config = configIn(folder.path, { LICENSE_KEY: LICENSE, PORT: String(await freePort()) });
  const till = await startTerminal(config, { logger: silentLogger });
  try {
    await expect(activate(config, server.url)).rejects.toMatchObject({ code: 'data_in_use' });
    await expect(resetTill(config)).rejects.toMatchObject({ code: 'data_in_use' });
  } finally {
    await till.stop();
  }
  await activate(config, server.url);
});

test('[G28] an identity that cannot be read is named, and a reset mends it', async () => {
  using folder = tempFolder();
  await using server = await ScriptedActivation.start();
  const config = configIn(folder.path);
  await activate(config, server.url);
  writeFileSync(join(config.dataDir, 'identity.json'), '{"terminal_id": 7}');
  expect(() => readIdentity(config.dataDir)).toThrow(TillcastError);
  await resetTill(config);
  await activate(config, server.url);
});

test('[G29] a till that is neither activated nor told its license is not started as one, and says what to do', async () => {
  using folder = tempFolder();
  await expect(startTerminal(configIn(folder.path), { logger: silentLogger })).rejects.toMatchObject({
    code: 'configuration_invalid',
    message: expect.stringContaining('tillcast terminal activate'),
  });
});

test('[G29] a till that is told another license than it was activated for does not start', async () => {
  using folder = tempFolder();
  await using server = await ScriptedActivation.start();
  await activate(configIn(folder.path), server.url);
  const other = configIn(folder.path, { LICENSE_KEY: OTHER_LICENSE });
  await expect(startTerminal(other, { logger: silentLogger })).rejects.toMatchObject({
    code: 'configuration_invalid',
    message: expect.stringContaining(LICENSE),
  });
});

test('[G21] a till whose key does not open or is gone does not start', async () => {
  using folder = tempFolder();
  await using server = await ScriptedActivation.start();
  const config = configIn(folder.path);
  await activate(config, server.url);
  const wrong = configIn(folder.path, { TILLCAST_KEY_PASSPHRASE: 'not what it was sealed with' });
  const start = (with_: TerminalConfig): Promise<unknown> => startTerminal(with_, { logger: silentLogger });
  await expect(start(wrong)).rejects.toMatchObject({ code: 'secret_unreadable' });
  writeFileSync(join(config.dataDir, 'identity.key'), '');
  await expect(start(config)).rejects.toMatchObject({ code: 'secret_unreadable' });
});

test.each([
  ['http://tills.example.com', 'the backend'],
  ['amqp://broker.example.com', 'the broker'],
])('a till that was told to use %s does not start in plain text', async (address) => {
  using folder = tempFolder();
  await using server = await ScriptedActivation.start();
  const config = configIn(folder.path);
  const identity = await activate(config, server.url);
  const told = address.startsWith('http') ? { backend_url: address } : { broker_urls: [address] };
  writeFileSync(join(config.dataDir, 'identity.json'), JSON.stringify({ ...identity, ...told }));
  await expect(startTerminal(config, { logger: silentLogger })).rejects.toMatchObject({
    code: 'configuration_invalid',
    message: expect.stringContaining('TILLCAST_PLAINTEXT'),
  });
});
