import { randomUUID } from 'node:crypto';
import { mkdir } from 'node:fs/promises';
import { join } from 'node:path';
import { setTimeout as pause } from 'node:timers/promises';
import { ADMIN_PATHS } from '@tillcast/protocol/http/admin-api';
import { salesDaysSchema } from '@tillcast/protocol/http/sales-api';
import { CSRF_HEADER } from '@tillcast/protocol/http/till-api';
import { parseLicenseKey } from '@tillcast/protocol/license-key';
import { activateThisTill, parseTerminalConfig } from '@tillcast/terminal';
import { expect } from 'vitest';
import { z } from 'zod';
import { eventually } from '../../failure/support/bounds.ts';
import { StagedTill } from '../../failure/support/staged-till.ts';
import type { TestLicense } from '../../support/guarded-system.ts';
import { API_KEY, type Cluster } from './cluster.ts';

const SELL_EVERY_MS = 1_000;

const orderSchema = z.object({
  order: z.object({ revision: z.number() }),
  totals: z.object({ total: z.number() }),
});

/** A till whole, with its page, its key file and its sales, where somebody sells one thing a second. */
export interface SellingTill extends AsyncDisposable {
  /** @throws Error where it was kept from selling */
  readonly check: () => void;
  /** Sells no more; resolves when the server has every sale that the till called saved, once. */
  readonly settle: () => Promise<void>;
}

export async function openSellingTill(cluster: Cluster, license: TestLicense): Promise<SellingTill> {
  const root = join(cluster.folder, 'selling-till');
  await mkdir(root);
  const caFile = cluster.shell['TILLCAST_CA_FILE'] ?? '';
  const environment = {
    TILLCAST_DATA_DIR: join(root, 'till'),
    XDG_CONFIG_HOME: join(root, 'settings'),
    TILLCAST_KEY_STORE: 'file',
    SYNC_API_URL: cluster.apiUrl,
    SYNC_API_CA_FILE: caFile,
    AMQP_CA_FILE: caFile,
    LOG_LEVEL: 'silent',
  };
  await activateThisTill(parseTerminalConfig(environment), {
    licenseKey: parseLicenseKey(license.key),
    activationCode: license.activationCode,
    backendUrl: cluster.apiUrl,
    name: 'Counter 1',
  });
  const till = new StagedTill({ name: 'selling', licenseKey: license.key, environment, preload: [] });
  await till.start();
  await eventually(async () => expect((await till.items('product')).items.length).toBeGreaterThan(0));
  const url = till.process.url;
  const products = (await till.items('product')).items.filter(({ price }) => Number(price) > 0);
  const sell = await openSession(url);
  let saved = 0;
  let going = true;
  const run = async (): Promise<void> => {
    for (let turn = 0; going; turn += 1) {
      await sell(products[turn % products.length]?.id ?? '');
      saved += 1;
      await pause(SELL_EVERY_MS);
    }
  };
  let refusal: unknown = null;
  const running = run().catch((error: unknown) => {
    refusal = error;
  });
  const stop = async (): Promise<void> => {
    going = false;
    await running;
  };
  return {
    check: () => {
      if (refusal !== null) throw new Error('The till was kept from selling.', { cause: refusal });
    },
    settle: async () => {
      await stop();
      expect(saved).toBeGreaterThan(0);
      await eventually(async () => {
        expect(await till.state()).toMatchObject({ unsent_sales: 0 });
        expect(await salesAt(cluster, license.key)).toBe(saved);
      });
    },
    [Symbol.asyncDispose]: async () => {
      going = false;
      await running;
      await till.stop();
    },
  };
}

/** @returns what sells one of a product, for cash */
async function openSession(url: string): Promise<(productId: string) => Promise<void>> {
  const opened = await fetch(`${url}/api/session`);
  const { csrf } = z.object({ csrf: z.string() }).parse(await opened.json());
  const headers = {
    cookie: opened.headers.get('set-cookie')?.split(';')[0] ?? '',
    [CSRF_HEADER]: csrf,
    'content-type': 'application/json',
  };
  const ask = async (method: string, path: string, body: unknown): Promise<unknown> => {
    const answer = await fetch(`${url}/api/${path}`, { method, headers, body: JSON.stringify(body) });
    const text = await answer.text();
    if (!answer.ok) throw new Error(`The till refused ${path}: ${answer.status} ${text}`);
    return JSON.parse(text);
  };
  return async (productId) => {
    const id = randomUUID();
    const edit = { edit: 'add', product_id: productId };
    const { order, totals } = orderSchema.parse(await ask('PUT', `orders/${id}`, { revision: 0, edit }));
    const payments = [{ method: 'cash', amount: totals.total }];
    await ask('POST', 'sales', { order_id: id, revision: order.revision, payments });
  };
}

async function salesAt({ apiUrl, fetch }: Cluster, licenseKey: string): Promise<number> {
  const answer = await fetch(apiUrl + ADMIN_PATHS.salesDays(licenseKey), {
    headers: { authorization: `Bearer ${API_KEY}` },
  });
  const { days } = salesDaysSchema.parse(await answer.json());
  return days.reduce((sum, { sales }) => sum + sales, 0);
}
