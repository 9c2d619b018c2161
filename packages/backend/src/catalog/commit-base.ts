import { type ItemKind, isItemKind } from '@tillcast/protocol/items/kind';
import type { LicenseKey } from '@tillcast/protocol/license-key';
import type { Session } from '../database/database.ts';
import { packed, unpackedSql } from '../database/packed.ts';
import { type Column, checkedColumn, nullable, statement, textColumn } from '../database/statement.ts';
import { licenseNotFound } from '../licenses/find-license.ts';
import { HEAD_COLUMNS, HEAD_FROM, HEAD_SQL, type Head } from './head.ts';
import { type ItemRow, itemRef } from './plan-commit.ts';

/** What a commit is planned on: where the catalog stands, and the items it names as they are. */
export interface CommitBase {
  readonly head: Head;
  readonly stored: ReadonlyMap<string, ItemRow>;
}

type Ref = Pick<ItemRow, 'kind' | 'id'>;

/** Items read in one round trip. */
const CHUNK_SIZE = 5_000;

const kindColumn: Column<ItemKind> = checkedColumn('a kind of items', isItemKind);

const ITEM_COLUMNS: { readonly [K in keyof ItemRow]: Column<ItemRow[K]> } = {
  kind: kindColumn,
  id: textColumn,
  body: nullable(textColumn),
  digest: nullable(textColumn),
};

type NullableItem = { readonly [K in keyof ItemRow as `item${Capitalize<K>}`]: ItemRow[K] | null };

const READ_BASE = statement<Head & NullableItem>(
  'read_commit_base',
  `SELECT ${HEAD_SQL}, i.kind AS "itemKind", i.id AS "itemId", i.body AS "itemBody", i.digest AS "itemDigest"
  FROM ${HEAD_FROM}
  LEFT JOIN LATERAL (
    SELECT i.kind, i.id, i.body, i.digest
    FROM unnest(${unpackedSql('$2')}, ${unpackedSql('$3')}) AS wanted (kind, id)
    JOIN items i ON i.license_id = c.license_id AND i.kind = wanted.kind AND i.id = wanted.id
  ) i ON true
  WHERE l.key = $1`,
  {
    ...HEAD_COLUMNS,
    itemKind: nullable(kindColumn),
    itemId: nullable(textColumn),
    itemBody: nullable(textColumn),
    itemDigest: nullable(textColumn),
  },
);

const LOCK_HEAD = statement<Head>(
  'lock_head',
  `SELECT ${HEAD_SQL} FROM ${HEAD_FROM} WHERE l.key = $1 FOR UPDATE OF c`,
  HEAD_COLUMNS,
);

const READ_ITEMS = statement<ItemRow>(
  'read_items',
  `SELECT i.kind, i.id, i.body, i.digest
  FROM unnest(${unpackedSql('$2')}, ${unpackedSql('$3')}) AS wanted (kind, id)
  JOIN items i ON i.license_id = $1 AND i.kind = wanted.kind AND i.id = wanted.id`,
  ITEM_COLUMNS,
);

/**
 * Reads head and items as of one moment, without a lock: whoever writes then checks that the head is still
 * this one.
 * @param refs at most some hundred
 */
export async function readBase(session: Session, key: LicenseKey, refs: readonly Ref[]): Promise<CommitBase> {
  const rows = await session.query(READ_BASE, [key, ...packedRefs(refs)]);
  const [head] = rows;
  if (head === undefined) throw licenseNotFound(key);
  const stored = new Map<string, ItemRow>();
  for (const { itemKind: kind, itemId: id, itemBody: body, itemDigest: digest } of rows) {
    if (kind !== null && id !== null) stored.set(itemRef(kind, id), { kind, id, body, digest });
  }
  return { head, stored };
}

/**
 * Locks the license's counter, then reads the items. Two statements on purpose: one that waited for the lock
 * would still see the items as they were before it waited.
 */
export async function lockBase(session: Session, key: LicenseKey, refs: readonly Ref[]): Promise<CommitBase> {
  const head = await lockHead(session, key);
  const stored = new Map<string, ItemRow>();
  for (let start = 0; start < refs.length; start += CHUNK_SIZE) {
    const chunk = packedRefs(refs.slice(start, start + CHUNK_SIZE));
    for (const row of await session.query(READ_ITEMS, [head.licenseId, ...chunk])) {
      stored.set(itemRef(row.kind, row.id), row);
    }
  }
  return { head, stored };
}

/** Locks the license's counter until the transaction ends. @throws TillcastError `license_not_found` */
export async function lockHead(session: Session, key: LicenseKey): Promise<Head> {
  const [head] = await session.query(LOCK_HEAD, [key]);
  if (head === undefined) throw licenseNotFound(key);
  return head;
}

function packedRefs(refs: readonly Ref[]): [string, string] {
  return [packed(refs.map(({ kind }) => kind)), packed(refs.map(({ id }) => id))];
}
