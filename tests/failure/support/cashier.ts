import type { ErrorCode } from '@tillcast/protocol/errors';
import {
  CSRF_HEADER,
  type OrderAnswer,
  type OrdersAnswer,
  type SaleAnswer,
  type SalesListAnswer,
  type TillSession,
} from '@tillcast/protocol/http/till-api';

/** What a till said to something that a cashier wanted of it. */
export type Said<T> =
  | { readonly said: 'yes'; readonly answer: T }
  /** In a cashier's words. */
  | { readonly said: 'no'; readonly status: number; readonly code: ErrorCode; readonly words: string }
  /** It is gone, or went before it had answered: what became of it is not known. */
  | { readonly said: 'nothing' };

const PATIENCE_MS = 30_000;

/** Somebody who sells at a till without staff, by what its page asks for. */
export class Cashier {
  readonly #url: string;
  readonly #headers: Readonly<Record<string, string>>;

  private constructor(url: string, headers: Readonly<Record<string, string>>) {
    this.#url = url;
    this.#headers = headers;
  }

  /** Opens the till's page; null where the till is gone. */
  static async at(url: string): Promise<Cashier | null> {
    try {
      const answer = await fetch(`${url}/api/session`, { signal: AbortSignal.timeout(PATIENCE_MS) });
      const { csrf } = (await answer.json()) as TillSession;
      const cookie = answer.headers.get('set-cookie')?.split(';')[0] ?? '';
      return new Cashier(url, { cookie, [CSRF_HEADER]: csrf, 'content-type': 'application/json' });
    } catch {
      return null;
    }
  }

  /** Opens an order of so many of one product. */
  order(productId: string, quantity: number): Promise<Said<OrderAnswer>> {
    const edit = { edit: 'add', product_id: productId, quantity, modifiers: [] };
    return this.#ask(`orders/${crypto.randomUUID()}`, 'PUT', { revision: 0, edit });
  }

  /** Takes cash for all of an order. */
  pay({ order, totals }: OrderAnswer): Promise<Said<SaleAnswer>> {
    const payments = [{ method: 'cash', amount: totals.total }];
    return this.#ask('sales', 'POST', { order_id: order.id, revision: order.revision, payments });
  }

  openOrders(): Promise<Said<OrdersAnswer>> {
    return this.#ask('orders', 'GET');
  }

  /** The newest sales. */
  sales(limit = 500): Promise<Said<SalesListAnswer>> {
    return this.#ask(`sales?limit=${limit}`, 'GET');
  }

  async #ask<T>(path: string, method: 'GET' | 'POST' | 'PUT', body?: unknown): Promise<Said<T>> {
    let answer: Response;
    let text: string;
    try {
      answer = await fetch(`${this.#url}/api/${path}`, {
        method,
        headers: this.#headers,
        signal: AbortSignal.timeout(PATIENCE_MS),
        ...(body === undefined ? {} : { body: JSON.stringify(body) }),
      });
      text = await answer.text();
    } catch {
      return { said: 'nothing' };
    }
    const told: unknown = JSON.parse(text);
    if (answer.ok) return { said: 'yes', answer: told as T };
    const { code, detail } = told as { readonly code: ErrorCode; readonly detail: string };
    return { said: 'no', status: answer.status, code, words: detail };
  }
}
