import { silentLogger } from '@tillcast/broker';
import { freePort } from '@tillcast/testkit';
import { expect, test } from 'vitest';
import { openTerminal, parseTerminalConfig, readIdentity, type TerminalConfig } from '../src/index.ts';
import { Page } from './counter/page.ts';
import { LICENSE } from './running-till.ts';
import { ScriptedActivation } from './scripted-activation.ts';
import { tempFolder } from './temp-folder.ts';

const CODE = '4T3ZK-XXXXX-XXXXX-XXXXX-XXXXX-X';

async function configIn(
  folder: string,
  environment: Readonly<Record<string, string>> = {},
): Promise<TerminalConfig> {
  return parseTerminalConfig({
    TILLCAST_DATA_DIR: `${folder}/till`,
    XDG_CONFIG_HOME: `${folder}/settings`,
    TILLCAST_KEY_STORE: 'file',
    PORT: String(await freePort()),
    ...environment,
  });
}

/** Opens a till that is nobody's, with a page of it. */
async function openNew(config: TerminalConfig) {
  const till = await openTerminal(config, { logger: silentLogger });
  return { page: await Page.open(till.url), [Symbol.asyncDispose]: () => till.stop() };
}

const given = (backendUrl: string): Record<string, string> => ({
  license_key: LICENSE,
  activation_code: CODE,
  name: 'Bar',
  backend_url: backendUrl,
});

test('[G29] a till that is nobody’s says so, sells nothing, and is guarded as any till is', async () => {
  using folder = tempFolder();
  await using server = await ScriptedActivation.start();
  await using till = await openNew(await configIn(folder.path, { SYNC_API_URL: server.url }));
  const { page } = till;
  expect((await page.ask('GET', 'setup')).body).toEqual({ state: 'needed', backend_url: server.url });
  expect((await page.ask('GET', 'state')).body).toMatchObject({ status: 'needs_attention', version: null });
  expect(await page.ask('POST', 'sales', {})).toMatchObject({ status: 404 });
  const foreign = { origin: 'http://evil.example' };
  expect(await page.ask('GET', 'setup', undefined, foreign)).toMatchObject({ status: 403 });
  const withoutToken = await page.ask('POST', 'setup/activate', given(server.url), {});
  expect(withoutToken).toMatchObject({ status: 403, body: { code: 'csrf_invalid' } });
  expect(server.requests).toEqual([]);
});

test.each([
  'activation_refused',
  'too_many_terminals',
  'license_suspended',
  'license_expired',
  'rate_limited',
] as const)(
  '[G29] what the server refuses (%s) is passed on with its code, and nothing is kept',
  async (code) => {
    using folder = tempFolder();
    await using server = await ScriptedActivation.start();
    const config = await configIn(folder.path);
    await using till = await openNew(config);
    server.refuseWith = code;
    const said = await till.page.ask('POST', 'setup/activate', given(server.url));
    expect(said.body.code).toBe(code);
    expect(readIdentity(config.dataDir)).toBeNull();
    expect((await till.page.ask('GET', 'setup')).body).toMatchObject({ state: 'needed' });
  },
);

test.each([
  ['a key that is none', { license_key: 'a*b' }, 'license_key_malformed'],
  ['a code that is none', { activation_code: 'XXXXX' }, 'request_invalid'],
  ['no name', { name: ' ' }, 'request_invalid'],
  ['an address that is none', { backend_url: 'ftp://tills.example.com' }, 'request_invalid'],
  ['an address in plain text', { backend_url: 'http://tills.example.com' }, 'configuration_invalid'],
])('[G29] %s is refused before anybody is asked', async (_, wrong, code) => {
  using folder = tempFolder();
  await using server = await ScriptedActivation.start();
  await using till = await openNew(await configIn(folder.path));
  const said = await till.page.ask('POST', 'setup/activate', { ...given(server.url), ...wrong });
  expect(said.body.code).toBe(code);
  expect(server.requests).toEqual([]);
});

test('[G29] a till that is started for one server is activated at no other', async () => {
  using folder = tempFolder();
  await using server = await ScriptedActivation.start();
  await using other = await ScriptedActivation.start();
  await using till = await openNew(await configIn(folder.path, { SYNC_API_URL: server.url }));
  const said = await till.page.ask('POST', 'setup/activate', given(other.url));
  expect(said.body).toMatchObject({
    code: 'configuration_invalid',
    detail: expect.stringContaining(server.url),
  });
  expect(other.requests).toEqual([]);
});
