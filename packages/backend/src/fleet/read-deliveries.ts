import type { LicenseKey } from '@tillcast/protocol/license-key';
import { type ChangeType, isChangeType } from '@tillcast/protocol/message-type';
import type { Session } from '../database/database.ts';
import {
  booleanColumn,
  type Column,
  checkedColumn,
  instantColumn,
  integerColumn,
  nullable,
  statement,
  textColumn,
} from '../database/statement.ts';

/** Counts by bucket, as text: `{0,3,1}`. */
const bucketsColumn: Column<readonly number[]> = (value, column) =>
  textColumn(value, column).split(',').map(Number);

/** A change, and what was reported of it. */
export interface RecordedChange {
  readonly epoch: string;
  readonly type: ChangeType;
  readonly committedAt: Date;
  readonly published: boolean;
  readonly buckets: readonly number[] | null;
  readonly lastMs: number | null;
}

const FIND_CHANGE = statement<RecordedChange>(
  'find_recorded_change',
  `SELECT a.epoch, c.type, c.committed_at AS "committedAt", p.published_version >= c.version AS published,
    array_to_string(d.buckets, ',') AS buckets,
    (extract(epoch FROM d.last_applied_at - d.committed_at) * 1000)::bigint AS "lastMs"
  FROM licenses l
  JOIN catalogs a ON a.license_id = l.id
  JOIN publications p ON p.license_id = l.id
  JOIN changes c ON c.license_id = l.id AND c.version = $2::bigint
  LEFT JOIN deliveries d ON d.license_id = l.id AND d.epoch = a.epoch AND d.version = c.version
  WHERE l.key = $1`,
  {
    epoch: textColumn,
    type: checkedColumn('a change type', isChangeType),
    committedAt: instantColumn,
    published: booleanColumn,
    buckets: nullable(bucketsColumn),
    lastMs: nullable(integerColumn),
  },
);

/** One of a license's changes; null where there is none of that version. */
export async function findRecordedChange(
  session: Session,
  license: LicenseKey,
  version: number,
): Promise<RecordedChange | null> {
  const [found] = await session.query(FIND_CHANGE, [license, version]);
  return found ?? null;
}

/** What was reported of many changes. */
export interface RecordedChanges {
  readonly changes: number;
  /** Summed up. */
  readonly buckets: readonly number[] | null;
  readonly lastMs: number | null;
}

const SUM_UP = statement<RecordedChanges>(
  'sum_up_deliveries',
  `WITH recent AS (
    SELECT d.* FROM deliveries d JOIN licenses l ON l.id = d.license_id
    WHERE d.committed_at > $1::timestamptz AND ($2::text IS NULL OR l.key = $2::text)
  ), places AS (
    SELECT place, sum(count)::bigint AS count
    FROM recent CROSS JOIN LATERAL unnest(buckets) WITH ORDINALITY AS b (count, place)
    GROUP BY place
  )
  SELECT (SELECT count(*)::integer FROM recent) AS changes,
    (SELECT string_agg(count::text, ',' ORDER BY place) FROM places) AS buckets,
    (SELECT (max(extract(epoch FROM last_applied_at - committed_at)) * 1000)::bigint FROM recent) AS "lastMs"`,
  { changes: integerColumn, buckets: nullable(bucketsColumn), lastMs: nullable(integerColumn) },
);

/** What was reported of all changes that were committed since a time. @param license null: of all licenses */
export async function sumUpDeliveries(
  session: Session,
  since: Date,
  license: LicenseKey | null,
): Promise<RecordedChanges> {
  const [sum] = await session.query(SUM_UP, [since, license]);
  return sum ?? { changes: 0, buckets: null, lastMs: null };
}
