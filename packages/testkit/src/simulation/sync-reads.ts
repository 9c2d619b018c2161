import {
  type deltaBody,
  type fullDataBody,
  type LicenseState,
  pageToken,
  parsePageToken,
  wireRowText,
} from '@tillcast/backend/internals';
import { BucketSums } from '@tillcast/protocol/digest-buckets';
import { TillcastError } from '@tillcast/protocol/errors';
import type { DeltaQuery } from '@tillcast/protocol/http/sync-api';
import { ITEM_KINDS } from '@tillcast/protocol/items/kind';
import type { LicenseKey } from '@tillcast/protocol/license-key';
import { headOf, type MemoryDatabase, type MemoryLicense, type StoredRow } from './memory-database.ts';

/** A row that is there, with its number. */
export type LiveStoredRow = StoredRow & { readonly digest: string };

export function liveOf(license: MemoryLicense): readonly LiveStoredRow[] {
  return [...license.items.values()].flatMap((row) =>
    row.digest === null ? [] : [{ ...row, digest: row.digest }],
  );
}

export function sumsOf(license: MemoryLicense): readonly string[] {
  const sums = new BucketSums();
  for (const { digest } of liveOf(license)) sums.add(digest);
  return sums.toArray();
}

export function listsOf(license: MemoryLicense): Parameters<typeof fullDataBody>[0]['lists'] {
  const lists = { category: '[]', modifier: '[]', product: '[]', table: '[]', user: '[]' };
  for (const kind of ITEM_KINDS) {
    const bodies = [...license.items.values()]
      .filter((row) => row.kind === kind && row.body !== null)
      .toSorted((a, b) => (a.id < b.id ? -1 : 1))
      .map(({ body }) => body ?? '');
    lists[kind] = `[${bodies.join(',')}]`;
  }
  return lists;
}

/** As `readDeltaPage` reads it from SQL. @throws TillcastError `history_gone` */
export function deltaPageOf(
  license: MemoryLicense,
  { epoch, since, page, limit }: DeltaQuery,
): Parameters<typeof deltaBody>[0] {
  if (epoch !== license.epoch || since > license.version || since < license.historyFloor) {
    throw new TillcastError('history_gone', 'This history cannot be continued.');
  }
  const after = page === undefined ? null : parsePageToken(page);
  const rows = [...license.items.values()]
    .filter((row) => (after === null ? row.version > since : byPosition(row, after) > 0))
    .toSorted(byPosition);
  const some = rows.slice(0, limit);
  const last = some.at(-1);
  const next = rows.length > some.length && last !== undefined ? pageToken(last) : null;
  const changes = `[${some.map(wireRowText).join(',')}]`;
  return { ...headOf(license), since, changes, next };
}

type Position = Pick<StoredRow, 'version' | 'kind' | 'id'>;

function byPosition(a: Position, b: Position): number {
  if (a.version !== b.version) return a.version - b.version;
  if (a.kind !== b.kind) return a.kind < b.kind ? -1 : 1;
  return a.id < b.id ? -1 : a.id > b.id ? 1 : 0;
}

/** As `findLicense` reads it from SQL. */
export function stateOf(database: MemoryDatabase, key: LicenseKey): LicenseState | null {
  const license = database.find(key);
  if (license === null) return null;
  const { id, status, epoch, version, digest, publishedVersion, items } = license;
  return {
    id,
    key,
    name: key,
    term: 'LIFE',
    status,
    validUntil: null,
    createdAt: new Date(0),
    epoch,
    version,
    digest,
    publishedVersion,
    items: items.size,
    terminalsMax: 100,
    terminalsActive: 0,
    revokedTerminals: [],
  };
}
