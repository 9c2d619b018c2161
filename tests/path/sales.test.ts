import { randomUUID } from 'node:crypto';
import { ADMIN_PATHS } from '@tillcast/protocol/http/admin-api';
import { salesDaysSchema } from '@tillcast/protocol/http/sales-api';
import { CSRF_HEADER } from '@tillcast/protocol/http/till-api';
import type { RunningTerminal } from '@tillcast/terminal';
import { expect, test } from 'vitest';
import { openGateway } from '../support/gateway.ts';
import { startTestSystem, type TestSystem } from '../support/system.ts';
import { becomes, startTill, stateOf } from '../support/tills.ts';

const KEY = 'EXTRO-LIFE-SELLS1';
const PENCE = 235;

/** Sells so many teas at a till's page, each a sale of its own. */
async function sellTeas(till: RunningTerminal, count: number): Promise<void> {
  const opened = await fetch(`${till.url}/api/session`);
  const { csrf } = (await opened.json()) as { csrf: string };
  const headers = {
    cookie: opened.headers.get('set-cookie')?.split(';')[0] ?? '',
    [CSRF_HEADER]: csrf,
    'content-type': 'application/json',
  };
  const ask = async (
    method: string,
    path: string,
    body: unknown,
  ): Promise<{ order: { revision: number } }> => {
    const answer = await fetch(`${till.url}/api/${path}`, { method, headers, body: JSON.stringify(body) });
    expect(answer.status, path).toBe(200);
    return (await answer.json()) as { order: { revision: number } };
  };
  for (let sold = 0; sold < count; sold += 1) {
    const id = randomUUID();
    const edit = { edit: 'add', product_id: 'TEA' };
    const { order } = await ask('PUT', `orders/${id}`, { revision: 0, edit });
    const payments = [{ method: 'cash', amount: PENCE / 100 }];
    await ask('POST', 'sales', { order_id: id, revision: order.revision, payments });
  }
}

async function soldAt(system: TestSystem): Promise<{ sales: number; pence: number }> {
  const { body } = await system.admin(ADMIN_PATHS.salesDays(KEY));
  const { days } = salesDaysSchema.parse(body);
  return {
    sales: days.reduce((sum, { sales }) => sum + sales, 0),
    pence: days.reduce((sum, { sold }) => sum + Math.round(sold * 100), 0),
  };
}

test('[P5] [P6] [U6] [U24] what a till sells while the server is away is there once when it is back, to the penny, and a restart changes nothing', async () => {
  await using system = await startTestSystem([KEY], 'postgresql');
  await system.commit(KEY, {
    op: 'put',
    kind: 'product',
    item: { id: 'TEA', name: 'Tea', price: PENCE / 100, currency: 'GBP', tax_percent: 20 },
  });
  await using gateway = await openGateway();
  gateway.lead(Number(new URL(system.backend.url).port));
  const start = (): Promise<RunningTerminal> =>
    startTill(system, KEY, 'till', `http://127.0.0.1:${gateway.port}`);
  let till = await start();
  try {
    await becomes(async () => expect(await stateOf(till)).toMatchObject({ status: 'live', version: 1 }));
    await sellTeas(till, 3);
    await becomes(async () => expect(await soldAt(system)).toEqual({ sales: 3, pence: 3 * PENCE }));
    await becomes(async () => expect(await stateOf(till)).toMatchObject({ unsent_sales: 0, status: 'live' }));

    await gateway.shut();
    await sellTeas(till, 10);
    expect(await stateOf(till)).toMatchObject({ unsent_sales: 10 });
    expect((await stateOf(till)).status).not.toBe('live');
    await till.stop();
    till = await start();
    expect(await stateOf(till)).toMatchObject({ unsent_sales: 10 });
    await gateway.open();
    await becomes(async () => expect(await stateOf(till)).toMatchObject({ unsent_sales: 0 }));
    expect(await soldAt(system)).toEqual({ sales: 13, pence: 13 * PENCE });
  } finally {
    await till.stop();
  }
});
