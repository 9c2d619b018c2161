import { isChangeType } from '@tillcast/protocol/message-type';
import { ASYNCHRONOUS_COMMIT } from '../database/asynchronous-commit.ts';
import type { Session } from '../database/database.ts';
import {
  checkedColumn,
  command,
  integerColumn,
  nullable,
  statement,
  textColumn,
} from '../database/statement.ts';
import { licenseKeyColumn } from '../licenses/license.ts';
import { IS_SERVED_SQL } from '../licenses/standing.ts';
import type { Backlog, Progress, ReadBounds, WaitingChange } from './change-log.ts';

const FIND_BACKLOG = statement<Backlog>(
  'find_backlog',
  `SELECT p.license_id AS "licenseId", c.version - p.published_version AS changes
  FROM publications p JOIN catalogs c ON c.license_id = p.license_id
  WHERE p.shard = ANY ($1::smallint[]) AND p.published_version < c.version
  ORDER BY p.license_id`,
  { licenseId: integerColumn, changes: integerColumn },
);

// Of a license that has ended nothing more is published from that moment on but how it stands: closing its tills'
// connections takes the broker a while. What was withheld before that is left to the delta, once it is resumed.
const READ_WAITING = statement<WaitingChange>(
  'read_waiting_changes',
  `SELECT l.id AS "licenseId", l.key AS "licenseKey", p.shard, c.version, c.id, c.type, c.message,
    c.signature,
    c.version - coalesce(lag(c.version) OVER (PARTITION BY l.id ORDER BY c.version), since.version) - 1
      AS "passedOver",
    -- A number, since parsing a timestamp took longer than all else of a row.
    (extract(epoch FROM c.committed_at) * 1000)::bigint AS "committedAtMs"
  FROM unnest($1::integer[], $2::bigint[]) AS wanted (license_id, sent_version)
  JOIN licenses l ON l.id = wanted.license_id
  JOIN publications p ON p.license_id = wanted.license_id
  JOIN catalogs head ON head.license_id = wanted.license_id
  CROSS JOIN LATERAL (SELECT greatest(wanted.sent_version, p.published_version) AS version) since
  CROSS JOIN LATERAL (
    SELECT * FROM changes
    WHERE license_id = wanted.license_id AND version > since.version
      AND (head.version - since.version <= $5 OR version = head.version OR type = 'license_update')
      AND (type = 'license_update' OR ${IS_SERVED_SQL})
    ORDER BY version
    LIMIT $3
  ) c
  WHERE p.shard = ANY ($4::smallint[])
  ORDER BY l.id, c.version`,
  {
    licenseId: integerColumn,
    licenseKey: licenseKeyColumn,
    shard: integerColumn,
    version: integerColumn,
    id: textColumn,
    type: checkedColumn('a change type', isChangeType),
    message: textColumn,
    signature: nullable(textColumn),
    committedAtMs: integerColumn,
    passedOver: integerColumn,
  },
);

// Never backwards, so that a relay that lost its lease cannot undo what its successor noted.
const MARK = command(
  'mark_published',
  `WITH ${ASYNCHRONOUS_COMMIT}
  UPDATE publications p SET published_version = greatest(p.published_version, done.version)
  FROM asynchronous, unnest($1::integer[], $2::bigint[]) AS done (license_id, version)
  WHERE p.license_id = done.license_id`,
);

/** The licenses of these shards with changes that wait. */
export function findBacklog(session: Session, shards: readonly number[]): Promise<readonly Backlog[]> {
  return session.query(FIND_BACKLOG, [shards]);
}

/**
 * The next changes of each license, by license and version.
 * @param sent how far each license has been handed to the broker already, confirmed or not
 * @param shards changes of other shards are left out
 */
export function readWaiting(
  session: Session,
  sent: readonly Progress[],
  { limit, coalesceBeyond }: ReadBounds,
  shards: readonly number[],
): Promise<readonly WaitingChange[]> {
  const licenseIds = sent.map(({ licenseId }) => licenseId);
  const versions = sent.map(({ version }) => version);
  return session.query(READ_WAITING, [licenseIds, versions, limit, shards, coalesceBeyond]);
}

/** Notes how far licenses are published. Not waited for on disk: losing it doubles messages, which tills drop. */
export async function markPublished(session: Session, done: readonly Progress[]): Promise<void> {
  const licenseIds = done.map(({ licenseId }) => licenseId);
  await session.query(MARK, [licenseIds, done.map(({ version }) => version)]);
}
