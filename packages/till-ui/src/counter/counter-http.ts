import { ask } from '../server/ask.ts';
import { fieldsOf, numberIn, textIn } from '../server/reading.ts';
import { Refusal } from '../server/refusal.ts';
import { readOrder, readOrders, readSaleRow, readSales, readSession, readSetup } from './counter-answers.ts';
import type { CounterApi } from './counter-api.ts';
import { readScreen } from './place.ts';
import type { Session } from './shapes.ts';

const ASK_TIMEOUT_MS = 5_000;
/** Saving waits for the disk, which may be old and slow; the sale is saved or refused, never left in doubt for long. */
const SAVE_TIMEOUT_MS = 15_000;
/** Activating asks the server. */
const ACTIVATE_TIMEOUT_MS = 30_000;
const SALES_PAGE = 100;

/** The till's program over HTTP. Each write carries the token that the session gave, and gets a new one once. */
export function counterHttp(): CounterApi {
  let csrf: string | null = null;

  const learn = (value: unknown): Session => {
    const session = readSession(value);
    csrf = session.csrf;
    return session;
  };
  const get = (path: string): Promise<unknown> => ask(`/api/${path}`, { timeoutMs: ASK_TIMEOUT_MS });
  const write = async (
    method: 'POST' | 'PUT',
    path: string,
    body: unknown,
    timeoutMs = SAVE_TIMEOUT_MS,
  ): Promise<unknown> => {
    const send = async (): Promise<unknown> => {
      csrf ??= learn(await get('session')).csrf;
      return ask(`/api/${path}`, { method, timeoutMs, body, headers: { 'x-tillcast-csrf': csrf } });
    };
    try {
      return await send();
    } catch (error) {
      // The till's program was started anew, and with it the session.
      if (!(error instanceof Refusal) || error.code !== 'csrf_invalid') throw error;
      csrf = null;
      return send();
    }
  };

  return {
    setup: async () => readSetup(await get('setup')),
    activate: async ({ key, code, name, server }) =>
      readSetup(
        await write(
          'POST',
          'setup/activate',
          { license_key: key, activation_code: code, name, backend_url: server },
          ACTIVATE_TIMEOUT_MS,
        ),
      ),
    session: async () => learn(await get('session')),
    signIn: async (userId, pin) => learn(await write('POST', 'session/sign-in', { user_id: userId, pin })),
    signOut: async () => learn(await write('POST', 'session/sign-out', {})),
    orders: async () => readOrders(await get('orders')),
    edit: async (orderId, revision, edit) =>
      readOrder(await write('PUT', `orders/${encodeURIComponent(orderId)}`, { revision, edit })),
    screen: async () => readScreen(fieldsOf(await get('screen'), 'The screen')['screen']),
    keepScreen: async (screen) => void (await write('PUT', 'screen', { screen })),
    sell: async (orderId, revision, payments) =>
      readSaleRow(await write('POST', 'sales', { order_id: orderId, revision, payments })),
    refund: async (request) => readSaleRow(await write('POST', 'refunds', request)),
    sales: async (after) =>
      readSales(
        await get(`sales?limit=${SALES_PAGE}${after === null ? '' : `&after=${encodeURIComponent(after)}`}`),
      ),
    sale: async (id) => readSaleRow(await get(`sales/${encodeURIComponent(id)}`)),
    retry: async (id) => readSaleRow(await write('POST', `sales/${encodeURIComponent(id)}/retry`, {})),
    exportSales: async (pin, passphrase) => {
      const fields = fieldsOf(await write('POST', 'sales/export', { pin, passphrase }), 'The export');
      return { file: textIn(fields, 'file'), count: numberIn(fields, 'count') };
    },
  };
}
