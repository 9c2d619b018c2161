import type { Session } from '../database/database.ts';
import { command } from '../database/statement.ts';

/** An act as the audit log takes it: nothing secret in it. */
export interface AuditedAct {
  /** Who: `operator`, `terminal <id>`, `address <ip>`, `system`. */
  readonly actor: string;
  /** What: `license.created`, `terminal.activated`, `activation.refused` … */
  readonly act: string;
  /** To what; null where there is nothing to name. */
  readonly subject: string | null;
  readonly detail?: Readonly<Record<string, string | number | boolean | null>>;
}

const APPEND = command(
  'append_audit',
  'SELECT append_audit($1::text, $2::text, $3::text, $4::text, $5::timestamptz)',
);

/**
 * Appends an act to the audit log, in the session's transaction, be it the system's or one license's: it is
 * there if what it tells of is. The log's head stays locked until the transaction ends, so append last; and
 * the transaction must not be a repeatable read, which cannot follow the head (SQLSTATE 40001).
 */
export async function appendAudit(session: Pick<Session, 'query'>, act: AuditedAct, at: Date): Promise<void> {
  const { actor, act: what, subject, detail = {} } = act;
  await session.query(APPEND, [actor, what, subject, canonicalDetail(detail), at]);
}

/** One text for one content: names in order, no blanks. */
function canonicalDetail(detail: NonNullable<AuditedAct['detail']>): string {
  const members = Object.entries(detail).toSorted(([a], [b]) => (a < b ? -1 : 1));
  return JSON.stringify(Object.fromEntries(members));
}
