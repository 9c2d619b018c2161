import { randomInt } from 'node:crypto';
import { silentLogger } from '@tillcast/broker';
import { DigestSum, rowDigest } from '@tillcast/protocol/digest';
import { type ItemKind, isItemKind } from '@tillcast/protocol/items/kind';
import { type LicenseKey, parseLicenseKey } from '@tillcast/protocol/license-key';
import { wireRowSchema } from '@tillcast/protocol/messages/payload';
import type { Operation } from '@tillcast/protocol/operation';
import { testMessageSigner } from '@tillcast/testkit';
import { z } from 'zod';
import { readDeltaPage } from '../../src/catalog/read-delta-page.ts';
import { readSnapshot } from '../../src/catalog/read-snapshot.ts';
import type { Database } from '../../src/database/database.ts';
import { type DatabaseLocation, openDatabase } from '../../src/database/open-database.ts';
import type { MessageSigner } from '../../src/keys/key-ring.ts';
import { createLicense } from '../../src/licenses/create-license.ts';

/** A catalog as a reader holds it: bodies by `kind id`. */
export type Content = Map<string, string>;

export const context: { readonly now: () => Date; readonly signer: MessageSigner } = {
  now: () => new Date(),
  signer: testMessageSigner(),
};

export function open(location: DatabaseLocation): Promise<Database> {
  return openDatabase(location, { logger: silentLogger });
}

/** A license that no other test has. */
export async function newLicense(database: Database, name = 'TEST'): Promise<LicenseKey> {
  const key = parseLicenseKey(
    `${name}-${randomInt(2 ** 47)
      .toString(36)
      .toUpperCase()}`,
  );
  await createLicense(database, { key }, context);
  return key;
}

export function product(id: string, price = 1, more: object = {}): Operation {
  return { op: 'put', kind: 'product', item: { id, name: `Product ${id}`, price, currency: 'GBP', ...more } };
}

export function setPrice(id: string, price: number, currency?: string): Operation {
  return { op: 'set_price', product_id: id, price, currency };
}

export function remove(kind: ItemKind, id: string): Operation {
  return { op: 'delete', kind, id };
}

const itemsSchema = z.array(z.looseObject({ id: z.string() }));
const rowsSchema = z.array(wireRowSchema);

/** The whole catalog, as a till takes it from the snapshot. */
export async function snapshotOf(
  database: Database,
  key: LicenseKey,
): Promise<{ version: number; digest: string; epoch: string; content: Content }> {
  const { lists, ...head } = await readSnapshot(database, key);
  const content: Content = new Map();
  for (const [kind, text] of Object.entries(lists)) {
    for (const item of itemsSchema.parse(JSON.parse(text))) {
      content.set(`${kind} ${item.id}`, JSON.stringify(item));
    }
  }
  return { ...head, content };
}

/** Applies a delta's changes to a copy, as a till does. */
export function applyDelta(content: Content, changes: string): void {
  for (const { kind, id, item } of rowsSchema.parse(JSON.parse(changes))) {
    if (item === null) content.delete(`${kind} ${id}`);
    else content.set(`${kind} ${id}`, JSON.stringify(item));
  }
}

/** Reads all pages of what came after `since` into a copy; gives the last page's head. */
export async function applyWholeDelta(
  database: Database,
  key: LicenseKey,
  from: { readonly epoch: string; readonly since: number; readonly limit: number },
  content: Content,
  betweenPages: () => Promise<void> = () => Promise.resolve(),
): Promise<{ version: number; digest: string; pages: number }> {
  let page: string | undefined;
  for (let pages = 1; ; pages += 1) {
    const read = await readDeltaPage(database, key, { ...from, page });
    if (read === 'history_gone') throw new Error('The history is gone.');
    applyDelta(content, read.changes);
    if (read.next === null) return { version: read.version, digest: read.digest, pages };
    page = read.next;
    await betweenPages();
  }
}

/** The digest, summed up anew from a copy's rows. */
export function digestOf(content: Content): string {
  const sum = new DigestSum();
  for (const [ref, body] of content) {
    const [kind = '', ...id] = ref.split(' ');
    if (!isItemKind(kind)) throw new Error(`${kind} is no kind`);
    sum.add(rowDigest(kind, id.join(' '), body));
  }
  return sum.toString();
}
