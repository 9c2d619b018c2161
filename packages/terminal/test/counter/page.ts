import { scryptSync } from 'node:crypto';
import {
  CSRF_HEADER,
  type OrderAnswer,
  type SaleAnswer,
  type TillSession,
} from '@tillcast/protocol/http/till-api';
import type { LiveRow } from '@tillcast/protocol/items/item';
import { rowOf } from '@tillcast/protocol/items/item';
import type { OrderEdit } from '@tillcast/protocol/sales/order-edits';

/** What the till said. */
export interface Said {
  readonly status: number;
  readonly headers: Headers;
  readonly body: { readonly code?: string; readonly detail?: string } & Record<string, unknown>;
}

/** A page of the till, as a browser has it: with its cookie, and the token that it was given. */
export class Page {
  readonly #url: string;
  #cookie = '';
  #csrf = '';

  constructor(url: string) {
    this.#url = url;
  }

  get cookie(): string {
    return this.#cookie;
  }

  get csrf(): string {
    return this.#csrf;
  }

  static async open(url: string): Promise<Page> {
    const page = new Page(url);
    await page.session();
    return page;
  }

  async session(): Promise<TillSession> {
    const { body } = await this.ask('GET', 'session');
    this.#csrf = String(body['csrf']);
    return body as unknown as TillSession;
  }

  async ask(
    method: string,
    path: string,
    body?: unknown,
    headers: Readonly<Record<string, string>> = { [CSRF_HEADER]: this.#csrf },
  ): Promise<Said> {
    const answer = await fetch(`${this.#url}/api/${path}`, {
      method,
      headers: {
        ...(this.#cookie === '' ? {} : { cookie: this.#cookie }),
        ...(body === undefined ? {} : { 'content-type': 'application/json' }),
        ...headers,
      },
      ...(body === undefined ? {} : { body: JSON.stringify(body) }),
    });
    const given = answer.headers.get('set-cookie');
    if (given !== null) this.#cookie = given.split(';')[0] ?? '';
    const text = await answer.text();
    return { status: answer.status, headers: answer.headers, body: text === '' ? {} : JSON.parse(text) };
  }

  async signIn(pin: string, userId?: string): Promise<Said> {
    const said = await this.ask('POST', 'session/sign-in', {
      pin,
      ...(userId === undefined ? {} : { user_id: userId }),
    });
    if (said.status === 200) this.#csrf = String(said.body['csrf']);
    return said;
  }

  /** Edits an order, a new one where none is given. */
  async edit(edit: OrderEdit, order?: OrderAnswer): Promise<OrderAnswer> {
    const id = order?.order.id ?? crypto.randomUUID();
    const said = await this.ask('PUT', `orders/${id}`, { revision: order?.order.revision ?? 0, edit });
    if (said.status !== 200) throw new Error(`${said.status} ${JSON.stringify(said.body)}`);
    return said.body as unknown as OrderAnswer;
  }

  /** Pays all of an order in cash. */
  async sell({ order, totals }: OrderAnswer): Promise<SaleAnswer> {
    const payments = [{ method: 'cash', amount: totals.total }];
    const said = await this.ask('POST', 'sales', { order_id: order.id, revision: order.revision, payments });
    if (said.status !== 200) throw new Error(`${said.status} ${JSON.stringify(said.body)}`);
    return said.body as unknown as SaleAnswer;
  }
}

export function add(productId: string, quantity = 1): OrderEdit {
  return { edit: 'add', product_id: productId, quantity, modifiers: [] };
}

/** Someone with a PIN. */
export function staff(id: string, pin: string, role: 'cashier' | 'manager' = 'cashier'): LiveRow {
  const salt = Buffer.from('a salt of 16 by.');
  const hash = scryptSync(pin, salt, 32, { N: 1024, r: 8, p: 1 });
  const text = `scrypt$1024$8$1$${salt.toString('base64url')}$${hash.toString('base64url')}`;
  return rowOf('user', { id, name: id, role, pin_hash: text });
}
