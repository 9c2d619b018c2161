import type { TillcastError } from '@tillcast/protocol/errors';

/** Where a connection stands. */
export type ConnectionState =
  /** An attempt is under way; `reason` is why the last one failed, or null at the first. */
  | { readonly status: 'connecting'; readonly attempt: number; readonly reason: TillcastError | null }
  /** Connected. `blocked` is the broker's reason for taking no messages now (an alarm), or null. */
  | {
      readonly status: 'up';
      readonly address: string;
      readonly serverVersion: string;
      readonly blocked: string | null;
    }
  /** Not connected, `attempt` attempts failed; the next one comes `nextAttemptMs` after this state was reported. */
  | {
      readonly status: 'down';
      readonly reason: TillcastError;
      readonly attempt: number;
      readonly nextAttemptMs: number;
    }
  /** Not started, or stopped. */
  | { readonly status: 'stopped' };
