import { randomUUID } from 'node:crypto';
import { encodeContent, type OutgoingMessage } from '@tillcast/broker';
import type { Cursor } from '@tillcast/protocol/cursor';
import { DigestSum, rowDigest } from '@tillcast/protocol/digest';
import { BucketSums, bucketOf } from '@tillcast/protocol/digest-buckets';
import { type Row, rowOf, withPrice } from '@tillcast/protocol/items/item';
import { type ItemKind, PLURAL } from '@tillcast/protocol/items/kind';
import type { LicenseKey } from '@tillcast/protocol/license-key';
import type { ChangeType } from '@tillcast/protocol/message-type';
import { encodeChange } from '@tillcast/protocol/messages/envelope';
import { SIGNATURE_HEADER } from '@tillcast/protocol/messages/signature';
import { routingKeyOf } from '@tillcast/protocol/routing';
import { type TestMessageSigner, testMessageSigner } from '@tillcast/testkit';

const PLURALS: Readonly<Record<ItemKind, string>> = PLURAL;

/** One license as a server holds it, in memory: what a till must come to agree with. */
export class ModelCatalog {
  readonly licenseKey: LicenseKey;
  /** Whoever signs what it sends. */
  signer: TestMessageSigner;
  epoch: string;
  version = 0;
  readonly #rows = new Map<string, { row: Row; version: number }>();

  constructor(licenseKey: LicenseKey, epoch = 'epoch00001', signer: TestMessageSigner = testMessageSigner()) {
    this.licenseKey = licenseKey;
    this.signer = signer;
    this.epoch = epoch;
  }

  get cursor(): Cursor {
    const sum = new DigestSum();
    for (const { row } of this.#rows.values()) {
      if (row.body !== null) sum.add(rowDigest(row.kind, row.id, row.body));
    }
    return { epoch: this.epoch, version: this.version, digest: sum.toString() };
  }

  /** The live rows, sorted. */
  get rows(): readonly Row[] {
    const rows = [...this.#rows.values()].map(({ row }) => row).filter(({ body }) => body !== null);
    return rows.toSorted((a, b) => `${a.kind} ${a.id}`.localeCompare(`${b.kind} ${b.id}`));
  }

  bodyOf(kind: ItemKind, id: string): string {
    return this.#rows.get(`${kind} ${id}`)?.row.body ?? '';
  }

  /** Commits rows as one version, without a message. */
  commit(rows: readonly Row[]): Cursor {
    this.version += 1;
    for (const row of rows) this.#rows.set(`${row.kind} ${row.id}`, { row, version: this.version });
    return this.cursor;
  }

  /** Commits a product and makes its message. */
  putProduct(id: string, price: number): OutgoingMessage {
    const row = product(id, price);
    this.commit([row]);
    return this.message('product_update', row.body ?? '');
  }

  /** Commits a price and makes its message. */
  setPrice(id: string, price: number): OutgoingMessage {
    this.commit([{ kind: 'product', id, body: withPrice(this.bodyOf('product', id), price, 'GBP') }]);
    return this.message(
      'price_update',
      JSON.stringify({ product_id: id, product_name: `Product ${id}`, new_price: price, currency: 'GBP' }),
    );
  }

  /** The message of the version as it is now. */
  message(type: ChangeType, payload: string, routedTo: LicenseKey = this.licenseKey): OutgoingMessage {
    const id = randomUUID();
    const timestamp = new Date().toISOString();
    const { licenseKey: license_key, cursor: at } = this;
    const body = encodeChange({ id, type, license_key, ...at, timestamp }, payload);
    return {
      routingKey: routingKeyOf(routedTo, type),
      headers: { [SIGNATURE_HEADER]: this.signer.sign({ license_key, at }, body) },
      ...encodeContent(Buffer.from(body)),
      messageId: id,
      type,
      timestampMs: Date.parse(timestamp),
    };
  }

  head(): Record<string, unknown> {
    return { license_key: this.licenseKey, ...this.cursor, synced_at: new Date().toISOString() };
  }

  snapshot(): Record<string, unknown> {
    const lists: Record<string, unknown[]> = {};
    for (const plural of Object.values(PLURALS)) lists[plural] = [];
    for (const { kind, body } of this.rows) lists[PLURALS[kind]]?.push(JSON.parse(body ?? 'null'));
    return { ...this.head(), ...lists };
  }

  /** The sums of the rows' numbers. */
  digests(): Record<string, unknown> {
    const sums = new BucketSums();
    for (const { digest } of this.#numbers()) sums.add(digest);
    return { ...this.head(), sums: sums.toArray() };
  }

  /** The rows' numbers in some buckets. */
  rowDigests(buckets: readonly string[]): Record<string, unknown> {
    const rows = this.#numbers().filter(({ digest }) => buckets.includes(bucketOf(digest)));
    return { ...this.head(), rows: rows.map(({ kind, id, digest }) => ({ kind, id, digest })) };
  }

  /** The rows of some numbers. */
  numbered(digests: readonly string[]): Record<string, unknown> {
    const rows = this.#numbers().filter(({ digest }) => digests.includes(digest));
    return { ...this.head(), rows: rows.map(({ kind, id, body }) => ({ kind, id, item: JSON.parse(body) })) };
  }

  #numbers(): readonly { kind: ItemKind; id: string; body: string; digest: string }[] {
    return this.rows.flatMap(({ kind, id, body }) =>
      body === null ? [] : [{ kind, id, body, digest: rowDigest(kind, id, body) }],
    );
  }

  /** The delta in pages of `size` rows; null where it cannot be answered. */
  delta(epoch: string, since: number, page: number, size: number): Record<string, unknown> | null {
    if (epoch !== this.epoch || since > this.version) return null;
    const changed = [...this.#rows.values()]
      .filter(({ version }) => version > since)
      .toSorted((a, b) => a.version - b.version)
      .map(({ row: { kind, id, body } }) => ({ kind, id, item: body === null ? null : JSON.parse(body) }));
    const changes = changed.slice(page * size, (page + 1) * size);
    const next = changed.length > (page + 1) * size ? String(page + 1) : null;
    return { ...this.head(), since, changes, next };
  }
}

/** A product's row. */
export function product(id: string, price: number): Row {
  return rowOf('product', { id, name: `Product ${id}`, price, currency: 'GBP' });
}
