import { readdirSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { silentLogger } from '@tillcast/broker';
import { parseTerminalConfig, type RunningTerminal, startTerminal } from '@tillcast/terminal';
import { freePort } from '@tillcast/testkit';
import { afterAll, beforeAll, expect, test, vi } from 'vitest';
import { type CliOutcome, runTillcast } from '../../packages/cli/test/child-cli.ts';
import { openExport } from '../../packages/terminal/src/sales/export-file.ts';
import { add, Page } from '../../packages/terminal/test/counter/page.ts';
import { root } from '../house/repository.ts';
import { type Gateway, openGateway } from '../support/gateway.ts';
import { startTestSystem, type TestSystem } from '../support/system.ts';

/*
 * A till is to be given up, or its program replaced, while two of its sales are nowhere but on its disk.
 */

const KEY = 'EXTRO-LIFE-ABC123';
const NEXT_KEY = 'EXTRO-LIFE-XYZ789';
const PASSPHRASE = 'correct horse battery';
const WAIT = { timeout: 60_000, interval: 50 };

const started = new AsyncDisposableStack();
let system: TestSystem;
let gateway: Gateway;
let dataDir: string;
let port: string;
let till: RunningTerminal;

beforeAll(async () => {
  system = started.use(await startTestSystem([KEY, NEXT_KEY]));
  const menu = readFileSync(join(root, 'demo', 'cafe-nord', 'menu.jsonl'), 'utf8');
  await system.commit(
    KEY,
    ...menu
      .trim()
      .split('\n')
      .map((line): unknown => JSON.parse(line)),
  );
  gateway = started.use(await openGateway());
  gateway.lead(Number(new URL(system.backend.url).port));
  dataDir = system.folder('till');
  port = String(await freePort());
  till = await start(KEY);
  started.defer(() => till.stop());
  await vi.waitFor(
    async () => expect(await (await fetch(`${till.url}/api/state`)).json()).toMatchObject({ status: 'live' }),
    WAIT,
  );
  await gateway.shut();
  const page = await Page.open(till.url);
  await page.signIn('4711', 'mia');
  for (let sale = 0; sale < 2; sale += 1) await page.sell(await page.edit(add('croissant')));
});
afterAll(() => started.disposeAsync());

function start(license: string): Promise<RunningTerminal> {
  const config = parseTerminalConfig({
    LICENSE_KEY: license,
    SYNC_API_URL: `http://127.0.0.1:${gateway.port}`,
    AMQP_URL: system.virtualHost.amqpUrl,
    TILLCAST_DATA_DIR: dataDir,
    PORT: port,
  });
  return startTerminal(config, { logger: silentLogger });
}

function terminal(words: readonly string[], input = ''): Promise<CliOutcome> {
  const env = { TILLCAST_DATA_DIR: dataDir, PORT: port };
  return runTillcast(['terminal', ...words], { cwd: dataDir, env, input });
}

async function salesIn(file: string): Promise<number> {
  return (await openExport(readFileSync(file, 'utf8'), PASSPHRASE)).sales.length;
}

test('[U30] with sales that wait no update, no reset and no other license: only after an export by a manager, and nothing is lost', {
  timeout: 240_000,
}, async () => {
  // The till runs.
  expect(await terminal(['update-check'])).toMatchObject({
    code: 5,
    err: expect.stringContaining('2 sales'),
  });
  expect(await terminal(['reset', '--yes'])).toMatchObject({
    code: 5,
    err: expect.stringContaining('in use'),
  });
  await till.stop();

  // It does not.
  expect(await terminal(['update-check'])).toMatchObject({
    code: 5,
    err: expect.stringContaining('2 sales'),
  });
  expect(await terminal(['reset', '--yes'])).toMatchObject({
    code: 5,
    err: expect.stringContaining('2 sales wait'),
  });
  await expect(start(NEXT_KEY)).rejects.toMatchObject({ code: 'unsent_sales' });

  // Somebody who is no manager, and a manager who mistypes.
  const cashier = await terminal(['reset', '--export'], `1234\n${PASSPHRASE}\n`);
  expect(cashier.code).toBe(4);
  expect(await terminal(['reset', '--export'], `9999\n${PASSPHRASE}\n`)).toMatchObject({
    code: 4,
    err: expect.stringContaining('PIN'),
  });
  expect(await terminal(['reset', '--export'], '4711\nshort\n')).toMatchObject({ code: 2 });
  expect(readdirSync(dataDir)).toContain('sales.sqlite');

  const checked = await terminal(['update-check', '--export', '--json'], `4711\n${PASSPHRASE}\n`);
  expect(checked.code).toBe(0);
  const { exported } = JSON.parse(checked.out) as { exported: { file: string; count: number } };
  expect(exported.count).toBe(2);
  expect(await salesIn(exported.file)).toBe(2);

  const reset = await terminal(['reset', '--export', '--json'], `4711\n${PASSPHRASE}\n`);
  expect(reset.code).toBe(0);
  const left = JSON.parse(reset.out) as { exported: { file: string; count: number } };
  expect(await salesIn(left.exported.file)).toBe(2);
  // The file itself is kept too; another merchant's till can begin here.
  expect(readdirSync(dataDir).filter((name) => name.startsWith('sales.sqlite.exported-'))).not.toEqual([]);
  till = await start(NEXT_KEY);
  expect(await (await fetch(`${till.url}/api/state`)).json()).toMatchObject({ unsent_sales: 0 });
});
