import type { NumberedRow } from '@tillcast/protocol/http/repair-api';
import type { SyncHead } from '@tillcast/protocol/http/sync-api';
import { ITEM_KINDS, type ItemKind, PLURAL } from '@tillcast/protocol/items/kind';

/** Where a catalog stands, as the database says it. */
export interface CatalogHead {
  readonly licenseKey: SyncHead['license_key'];
  readonly epoch: string;
  readonly version: number;
  readonly digest: string;
}

/** The head of an answer, as it goes on the wire. */
export function syncHead(head: CatalogHead, readAt: Date): SyncHead {
  return {
    license_key: head.licenseKey,
    epoch: head.epoch,
    version: head.version,
    digest: head.digest,
    synced_at: readAt.toISOString(),
  };
}

/** The whole catalog; each list is the JSON text of an array, spliced in as it is. */
export function fullDataBody(
  head: CatalogHead & { readonly lists: Readonly<Record<ItemKind, string>> },
  readAt: Date,
): string {
  return withTexts(
    syncHead(head, readAt),
    ITEM_KINDS.map((kind) => [PLURAL[kind], head.lists[kind]]),
  );
}

/** One kind's items. */
export function kindBody(
  kind: ItemKind,
  head: CatalogHead & { readonly list: string },
  readAt: Date,
): string {
  return withTexts(syncHead(head, readAt), [[PLURAL[kind], head.list]]);
}

/** One page of what came after a version. */
export function deltaBody(
  page: CatalogHead & { readonly since: number; readonly changes: string; readonly next: string | null },
  readAt: Date,
): string {
  return withTexts(syncHead(page, readAt), [
    ['since', String(page.since)],
    ['changes', page.changes],
    ['next', JSON.stringify(page.next)],
  ]);
}

/** The digest, taken apart. */
export function digestsBody(found: CatalogHead & { readonly sums: readonly string[] }, readAt: Date): string {
  return JSON.stringify({ ...syncHead(found, readAt), sums: found.sums });
}

/** The names and numbers of some rows. */
export function rowDigestsBody(
  found: CatalogHead & { readonly rows: readonly NumberedRow[] },
  readAt: Date,
): string {
  return JSON.stringify({ ...syncHead(found, readAt), rows: found.rows });
}

/** Some rows; the JSON text of an array, spliced in as it is. */
export function rowsBody(found: CatalogHead & { readonly rows: string }, readAt: Date): string {
  return withTexts(syncHead(found, readAt), [['rows', found.rows]]);
}

/** An object's JSON with members added whose values are JSON texts already: no row is parsed to be sent. */
function withTexts(object: object, members: readonly (readonly [string, string])[]): string {
  const start = JSON.stringify(object).slice(0, -1);
  return `${start}${members.map(([name, text]) => `,"${name}":${text}`).join('')}}`;
}
