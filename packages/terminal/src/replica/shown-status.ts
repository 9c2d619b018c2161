import type { ReplicaState } from '@tillcast/protocol/replica/state';
import { statusOf, type TerminalStatusNow } from '@tillcast/protocol/replica/status';

/** What the till shows of itself, and why it is not more. */
export type ShownStatus = Omit<TerminalStatusNow, 'reason'> & {
  readonly reason: TerminalStatusNow['reason'] | 'cloned';
};

/**
 * What may be said of the replica; and where another copy of the till's data is in use, somebody has to look,
 * however current the catalog is.
 * @param steadyMs by the clock of ages
 */
export function shownStatus(
  replica: ReplicaState,
  cloned: boolean,
  steadyMs: number,
  unsentSales: number,
): ShownStatus {
  const now = statusOf(replica, steadyMs, unsentSales);
  if (!cloned || now.status === 'needs_attention' || now.status === 'offline') return now;
  return { ...now, status: 'needs_attention', reason: 'cloned' };
}
