import { randomUUID } from 'node:crypto';
import { once } from 'node:events';
import { createServer } from 'node:http';
import { encodeContent, type OutgoingMessage } from '@tillcast/broker';
import type { Cursor } from '@tillcast/protocol/cursor';
import { DigestSum, rowDigest } from '@tillcast/protocol/digest';
import { IDENTITY_PATHS } from '@tillcast/protocol/http/identity-api';
import { SYNC_PATHS } from '@tillcast/protocol/http/sync-api';
import { rowOf, withPrice } from '@tillcast/protocol/items/item';
import type { LicenseKey } from '@tillcast/protocol/license-key';
import { encodeChange } from '@tillcast/protocol/messages/envelope';
import { SIGNATURE_HEADER } from '@tillcast/protocol/messages/signature';
import { routingKeyOf } from '@tillcast/protocol/routing';
import { testMessageSigner } from '@tillcast/testkit';
import { productOf } from './backend.ts';
import { portOf } from './port.ts';

const CATEGORIES = 20;

/** A license's catalog of so many products in 20 categories, which moves on by prices alone: each change costs the same. */
export class MovingCatalog {
  readonly licenseKey: LicenseKey;
  readonly products: readonly string[];
  readonly #bodies = new Map<string, string>();
  readonly #categories: readonly string[];
  readonly #signer = testMessageSigner();
  readonly #sum = new DigestSum();
  /** The product that each version after the first changed. */
  readonly #changed: string[] = [];

  constructor(licenseKey: LicenseKey, products: number) {
    this.licenseKey = licenseKey;
    const categories = Array.from({ length: CATEGORIES }, (_, index) =>
      rowOf('category', { id: `CAT-${index}`, name: `Category ${index}`, color: '#0B6B63' }),
    );
    const rows = Array.from({ length: products }, (_, index) => rowOf('product', productOf(index, 1.5)));
    for (const { kind, id, body } of [...categories, ...rows]) this.#sum.add(rowDigest(kind, id, body));
    for (const { id, body } of rows) this.#bodies.set(id, body);
    this.#categories = categories.map(({ body }) => body);
    this.products = rows.map(({ id }) => id);
  }

  get cursor(): Cursor {
    return { epoch: 'benchepoch', version: this.#changed.length + 1, digest: this.#sum.toString() };
  }

  /** Moves on by one price, and makes the change's message as a backend does. */
  setPrice(id: string, price: number): OutgoingMessage {
    const before = this.#bodies.get(id) ?? '';
    const after = withPrice(before, price, 'GBP');
    this.#bodies.set(id, after);
    this.#sum.subtract(rowDigest('product', id, before)).add(rowDigest('product', id, after));
    this.#changed.push(id);
    const { licenseKey: license_key, cursor: at } = this;
    const type = 'price_update';
    const messageId = randomUUID();
    const timestamp = new Date().toISOString();
    const payload = JSON.stringify({ product_id: id, product_name: id, new_price: price, currency: 'GBP' });
    const body = encodeChange({ id: messageId, type, license_key, ...at, timestamp }, payload);
    return {
      routingKey: routingKeyOf(license_key, type),
      headers: { [SIGNATURE_HEADER]: this.#signer.sign({ license_key, at }, body) },
      ...encodeContent(Buffer.from(body)),
      messageId,
      type,
      timestampMs: Date.parse(timestamp),
    };
  }

  /** Serves what a till asks of its backend while it goes on. */
  async serve(): Promise<AsyncDisposable & { readonly url: string }> {
    const server = createServer((request, response) => {
      request.resume();
      const answer = this.#answerTo(new URL(request.url ?? '/', 'http://till'));
      response.writeHead(answer === null ? 503 : 200, { 'content-type': 'application/json' });
      response.end(answer ?? '{}');
    });
    server.listen(0, '127.0.0.1');
    await once(server, 'listening');
    return {
      url: `http://127.0.0.1:${portOf(server)}`,
      [Symbol.asyncDispose]: async () => {
        server.close();
        server.closeAllConnections();
        await Promise.resolve();
      },
    };
  }

  /** Null for what a till can do without. */
  #answerTo({ pathname, searchParams }: URL): string | null {
    switch (pathname) {
      case IDENTITY_PATHS.messageKeys:
        return JSON.stringify({ keys: [this.#signer.key] });
      case SYNC_PATHS.status:
        return this.#answer('"valid":true,"code":"license_active","detail":""');
      case SYNC_PATHS.fullData: {
        const products = [...this.#bodies.values()].join(',');
        const categories = this.#categories.join(',');
        return this.#answer(
          `"categories":[${categories}],"products":[${products}],"modifiers":[],"tables":[],"users":[]`,
        );
      }
      case SYNC_PATHS.changes: {
        const since = Number(searchParams.get('since'));
        const changes = [...new Set(this.#changed.slice(Math.max(0, since - 1)))].map(
          (id) => `{"kind":"product","id":${JSON.stringify(id)},"item":${this.#bodies.get(id)}}`,
        );
        return this.#answer(`"since":${since},"changes":[${changes.join(',')}],"next":null`);
      }
      default:
        return null;
    }
  }

  #answer(rest: string): string {
    const head = { license_key: this.licenseKey, ...this.cursor, synced_at: new Date().toISOString() };
    return `${JSON.stringify(head).slice(0, -1)},${rest}}`;
  }
}
