import type { DeltaQuery } from '@tillcast/protocol/http/sync-api';
import { type ItemKind, isItemKind } from '@tillcast/protocol/items/kind';
import type { LicenseKey } from '@tillcast/protocol/license-key';
import type { Database } from '../database/database.ts';
import { checkedColumn, integerColumn, nullable, statement, textColumn } from '../database/statement.ts';
import { licenseNotFound } from '../licenses/find-license.ts';
import { HEAD_COLUMNS, HEAD_FROM, HEAD_SQL, type Head } from './head.ts';
import { type PagePosition, pageToken, parsePageToken } from './page-token.ts';
import { wireRowText } from './wire-row.ts';

/** A page of what came after a cursor; see `DeltaPage` of the sync API for what pages together mean. */
export interface StoredDeltaPage extends Head {
  readonly since: number;
  /** `WireRow`s: a JSON array as text. */
  readonly changes: string;
  readonly next: string | null;
}

interface DeltaRow extends Head {
  readonly historyFloor: number;
  readonly kind: ItemKind | null;
  readonly id: string | null;
  readonly body: string | null;
  readonly changedAt: number | null;
}

/**
 * Rows of a page take no more than this, whatever the limit: items differ a thousandfold in size, and a till
 * reads no further than 16 MiB of an answer.
 */
export const MAX_PAGE_BYTES: number = 8 * 1024 * 1024;

// One statement, so head and rows are of one moment. The first page begins before every kind.
const READ = statement<DeltaRow>(
  'read_delta_page',
  `SELECT ${HEAD_SQL}, c.history_floor AS "historyFloor", i.kind, i.id, i.body, i.version AS "changedAt"
  FROM ${HEAD_FROM}
  LEFT JOIN LATERAL (
    SELECT kind, id, body, version
    FROM items
    WHERE license_id = c.license_id AND (version, kind, id) > ($2::bigint, $3::text, $4::text)
    ORDER BY version, kind, id
    LIMIT $5
  ) i ON true
  WHERE l.key = $1`,
  {
    ...HEAD_COLUMNS,
    historyFloor: integerColumn,
    kind: nullable(checkedColumn('a kind of items', isItemKind)),
    id: nullable(textColumn),
    body: nullable(textColumn),
    changedAt: nullable(integerColumn),
  },
);

/**
 * Reads one page of what came after `since`.
 * @returns `history_gone` when the delta cannot be told: another epoch, a version that was never reached, or
 *   one below the history's floor
 * @throws TillcastError `license_not_found`, `request_invalid`
 */
export async function readDeltaPage(
  database: Database,
  key: LicenseKey,
  query: DeltaQuery,
): Promise<StoredDeltaPage | 'history_gone'> {
  const { since, limit } = query;
  const after = query.page === undefined ? null : parsePageToken(query.page);
  const from = [after?.version ?? since + 1, after?.kind ?? '', after?.id ?? ''];
  const found = await database.ofLicense(key).query(READ, [key, ...from, limit + 1]);
  const [first] = found;
  if (first === undefined) throw licenseNotFound(key);
  const { licenseId, licenseKey, epoch, version, digest } = first;
  if (epoch !== query.epoch || since > version || since < first.historyFloor) return 'history_gone';
  const texts: string[] = [];
  let last: PagePosition | null = null;
  let bytes = 0;
  let more = found.length > limit;
  for (const { kind, id, body, changedAt } of found.slice(0, limit)) {
    if (kind === null || id === null || changedAt === null) continue;
    const text = wireRowText({ kind, id, body });
    bytes += Buffer.byteLength(text) + 1;
    if (bytes > MAX_PAGE_BYTES && last !== null) {
      more = true;
      break;
    }
    texts.push(text);
    last = { version: changedAt, kind, id };
  }
  const next = more && last !== null ? pageToken(last) : null;
  return { licenseId, licenseKey, epoch, version, digest, since, changes: `[${texts.join(',')}]`, next };
}

/** So many rows, and so many bytes of them, are kept for whoever asks next; what is more is read page by page. */
export const RECENT_MAX: { readonly rows: number; readonly bytes: number } = {
  rows: 1_000,
  bytes: 1024 * 1024,
};

/** All that came after a version, of which the delta since each later one is a part. */
export interface RecentChanges extends Head {
  /** Deltas since this version and later ones can be told. */
  readonly from: number;
  /** In order. */
  readonly rows: readonly { readonly version: number; readonly text: string }[];
  readonly bytes: number;
}

/**
 * Reads all that came after a version, or after the history's floor where that is later.
 * @returns null where it is more than RECENT_MAX
 * @throws TillcastError `license_not_found`
 */
export async function readRecentChanges(
  database: Database,
  key: LicenseKey,
  after: number,
): Promise<RecentChanges | null> {
  const found = await database.ofLicense(key).query(READ, [key, after + 1, '', '', RECENT_MAX.rows + 1]);
  const [first] = found;
  if (first === undefined) throw licenseNotFound(key);
  if (found.length > RECENT_MAX.rows) return null;
  const { licenseId, licenseKey, epoch, version, digest, historyFloor } = first;
  const rows = found.flatMap(({ kind, id, body, changedAt }) =>
    kind === null || id === null || changedAt === null
      ? []
      : [{ version: changedAt, text: wireRowText({ kind, id, body }) }],
  );
  const bytes = rows.reduce((sum, { text }) => sum + Buffer.byteLength(text) + 1, 0);
  if (bytes > RECENT_MAX.bytes) return null;
  return { licenseId, licenseKey, epoch, version, digest, from: Math.max(after, historyFloor), rows, bytes };
}

/** The delta since a version that these changes tell. @param since not before their `from` */
export function pageOfRecent(recent: RecentChanges, since: number): StoredDeltaPage {
  const { licenseId, licenseKey, epoch, version, digest, rows } = recent;
  const texts = rows.flatMap((row) => (row.version > since ? [row.text] : []));
  return {
    licenseId,
    licenseKey,
    epoch,
    version,
    digest,
    since,
    changes: `[${texts.join(',')}]`,
    next: null,
  };
}
