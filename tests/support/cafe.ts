import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { silentLogger } from '@tillcast/broker';
import { parseTerminalConfig, type RunningTerminal, startTerminal } from '@tillcast/terminal';
import { freePort, launchBrowser } from '@tillcast/testkit';
import type { Browser } from 'playwright-core';
import { root } from '../house/repository.ts';
import { type Gateway, openGateway } from './gateway.ts';
import { openSalesDoor, type SalesDoor } from './sales-door.ts';
import { startTestSystem, type TestSystem } from './system.ts';

/** The demo's café: a backend with its menu, one till behind a gateway that can be shut, and a browser. */
export interface Cafe extends AsyncDisposable {
  readonly license: string;
  readonly system: TestSystem;
  /** The till's only way to the backend. */
  readonly gateway: Gateway;
  /** Behind it: the way that sales take. */
  readonly salesDoor: SalesDoor;
  readonly till: RunningTerminal;
  readonly browser: Browser;
}

export async function openCafe(): Promise<Cafe> {
  const license = 'EXTRO-LIFE-ABC123';
  await using stack = new AsyncDisposableStack();
  const system = stack.use(await startTestSystem([license]));
  const menu = readFileSync(join(root, 'demo', 'cafe-nord', 'menu.jsonl'), 'utf8')
    .trim()
    .split('\n');
  await system.commit(license, ...menu.map((line): unknown => JSON.parse(line)));
  const gateway = stack.use(await openGateway());
  const salesDoor = stack.use(await openSalesDoor(system.backend.url));
  gateway.lead(Number(new URL(salesDoor.url).port));
  const config = parseTerminalConfig({
    LICENSE_KEY: license,
    SYNC_API_URL: `http://127.0.0.1:${gateway.port}`,
    AMQP_URL: system.virtualHost.amqpUrl,
    TILLCAST_DATA_DIR: system.folder('till'),
    TERMINAL_NAME: 'Bar',
    PORT: String(await freePort()),
  });
  const till = await startTerminal(config, { logger: silentLogger });
  stack.defer(() => till.stop());
  const browser = await launchBrowser();
  stack.defer(() => browser.close());
  const kept = stack.move();
  return {
    license,
    system,
    gateway,
    salesDoor,
    till,
    browser,
    [Symbol.asyncDispose]: () => kept.disposeAsync(),
  };
}
