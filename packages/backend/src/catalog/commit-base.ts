import { type ItemKind, isItemKind } from '@tillcast/protocol/items/kind';
import type { LicenseKey } from '@tillcast/protocol/license-key';
import type { Session } from '../database/database.ts';
import { packed, unpackedSql } from '../database/packed.ts';
import {
  booleanColumn,
  type Column,
  checkedColumn,
  nullable,
  statement,
  textColumn,
} from '../database/statement.ts';
import { licenseNotFound } from '../licenses/find-license.ts';
import { IS_SERVED_SQL } from '../licenses/standing.ts';
import { HEAD_COLUMNS, HEAD_FROM, HEAD_SQL, type Head } from './head.ts';
import { type ItemRow, itemRef } from './plan-commit.ts';

/** What a commit is planned on: where the catalog stands, and the items it names as they are. */
export interface CommitBase {
  readonly head: Head;
  readonly stored: ReadonlyMap<string, ItemRow>;
  /**
   * Whether the license's tills are served, for as long as the head is this one: each change of that moves the
   * head on. Null where it is not known as of the same moment.
   */
  readonly isServed: boolean | null;
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

const READ_BASE = statement<Head & { isServed: boolean } & NullableItem>(
  'read_commit_base',
  `SELECT ${HEAD_SQL}, ${IS_SERVED_SQL} AS "isServed", i.kind AS "itemKind", i.id AS "itemId", i.body AS "itemBody", i.digest AS "itemDigest"
  FROM ${HEAD_FROM}
  LEFT JOIN LATERAL (
    SELECT found.*
    FROM unnest(${unpackedSql('$2')}, ${unpackedSql('$3')}) AS wanted (kind, id)
    CROSS JOIN LATERAL (
      -- With the limit each is looked up by its key. Where PostgreSQL had not counted the rows of items yet, it read a
      -- license's whole catalog for one of them.
      SELECT kind, id, body, digest FROM items
      WHERE license_id = c.license_id AND kind = wanted.kind AND id = wanted.id
      LIMIT 1
    ) found
  ) i ON true
  WHERE l.key = $1`,
  {
    ...HEAD_COLUMNS,
    isServed: booleanColumn,
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
  return { head, stored, isServed: head.isServed };
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
  return { head, stored, isServed: null };
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
