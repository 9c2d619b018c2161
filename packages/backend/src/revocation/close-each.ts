import type { BrokerGate } from './broker-gate.ts';
import { inParallel } from './in-parallel.ts';

/** What came of closing terminals' connections. */
export interface Closed<T> {
  readonly closed: readonly T[];
  /** Why others' could not be closed, in the order in which that came out. */
  readonly failures: readonly unknown[];
}

/**
 * Closes terminals' connections, at most `limit` at a time, each for itself: one that fails keeps no other from
 * being closed. Two rounds of failures and not one success: the broker is away, and the rest is left alone.
 */
export async function closeEach<T extends { readonly terminalId: string }>(
  gate: BrokerGate,
  terminals: readonly T[],
  how: { readonly limit: number; readonly reason: string },
): Promise<Closed<T>> {
  const closed: T[] = [];
  const failures: unknown[] = [];
  await inParallel(terminals, how.limit, async (terminal) => {
    if (closed.length === 0 && failures.length >= 2 * how.limit) return;
    try {
      await gate.close(terminal.terminalId, how.reason);
      closed.push(terminal);
    } catch (error) {
      failures.push(error);
    }
  });
  return { closed, failures };
}
