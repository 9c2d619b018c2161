import { AUDIT_START } from '@tillcast/protocol/audit';
import type { AuditEntry, AuditPage, AuditQuery } from '@tillcast/protocol/http/admin-api';
import type { Session } from '../database/database.ts';
import { instantColumn, integerColumn, nullable, statement, textColumn } from '../database/statement.ts';

interface AuditRow {
  readonly headNumber: number | null;
  readonly headHash: string | null;
  readonly number: number | null;
  readonly at: Date | null;
  readonly actor: string | null;
  readonly act: string | null;
  readonly subject: string | null;
  readonly detail: string | null;
  readonly hash: string | null;
}

// One statement, so entries and head are of one moment. A head that somebody took away is told as an empty log's.
const LIST = statement<AuditRow>(
  'list_audit',
  `SELECT h.number AS "headNumber", h.hash AS "headHash",
    e.number, e.at, e.actor, e.act, e.subject, e.detail, e.hash
  FROM (SELECT) AS always
  LEFT JOIN audit_head h ON true
  LEFT JOIN LATERAL (
    SELECT * FROM audit_log WHERE number > $1::bigint ORDER BY number LIMIT $2::integer
  ) e ON true
  ORDER BY e.number`,
  {
    headNumber: nullable(integerColumn),
    headHash: nullable(textColumn),
    number: nullable(integerColumn),
    at: nullable(instantColumn),
    actor: nullable(textColumn),
    act: nullable(textColumn),
    subject: nullable(textColumn),
    detail: nullable(textColumn),
    hash: nullable(textColumn),
  },
);

/** Some entries of the audit log, as they are stored, and the log's head at the same moment. */
export async function listAudit(session: Session, query: AuditQuery): Promise<AuditPage> {
  const rows = await session.query(LIST, [query.after, query.limit]);
  const { headNumber = null, headHash = null } = rows[0] ?? {};
  return {
    entries: rows.flatMap((row) => entryOf(row) ?? []),
    head: headNumber === null || headHash === null ? AUDIT_START : { number: headNumber, hash: headHash },
  };
}

function entryOf({ number, at, actor, act, subject, detail, hash }: AuditRow): AuditEntry | null {
  if (number === null || at === null || actor === null || act === null) return null;
  if (detail === null || hash === null) return null;
  return { number, at: at.toISOString(), actor, act, subject, detail, hash };
}
