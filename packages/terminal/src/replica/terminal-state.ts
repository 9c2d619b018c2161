import type { Notice, TerminalState } from '@tillcast/protocol/http/terminal-api';
import type { ItemKind } from '@tillcast/protocol/items/kind';
import type { LicenseKey } from '@tillcast/protocol/license-key';
import type { ReplicaState } from '@tillcast/protocol/replica/state';
import { shownStatus } from './shown-status.ts';
import { reasonCode, reasonText } from './status-words.ts';
import { isoOf, type TillClock } from './till-clock.ts';

/** A clock that is less off than this harms nobody. */
const OFFSET_SHOWN_MS = 60_000;

/** What a terminal's state is made of. */
export interface TerminalStateParts {
  readonly licenseKey: LicenseKey;
  readonly terminalId: string;
  readonly terminalName: string;
  readonly replica: ReplicaState;
  /** Another copy of the till's data is in use. */
  readonly cloned: boolean;
  /** How much of a snapshot is here; null while none comes. */
  readonly snapshotBytes: number | null;
  /** How far this machine's clock is ahead of the server's; null while nobody has said. */
  readonly clockOffsetMs: number | null;
  readonly nextRetryAtMs: number | null;
  readonly sales: { readonly waiting: number; readonly rejected: number };
  readonly items: Readonly<Record<ItemKind, number>>;
  readonly notices: readonly Notice[];
}

/** The terminal as its page shows it now. */
export function terminalStateOf(
  parts: TerminalStateParts,
  clock: Pick<TillClock, 'nowMs' | 'steadyMs'>,
): TerminalState {
  const { replica, cloned, nextRetryAtMs, sales } = parts;
  const { cursor, proof, attached } = replica;
  const steadyMs = clock.steadyMs();
  const now = shownStatus(replica, cloned, steadyMs, sales.waiting);
  return {
    license_key: parts.licenseKey,
    terminal_id: parts.terminalId,
    terminal_name: parts.terminalName,
    status: now.status,
    reason: reasonText(replica, now),
    reason_code: reasonCode(replica, now),
    behind: now.behind,
    epoch: cursor?.epoch ?? null,
    version: cursor?.version ?? null,
    digest: cursor?.digest ?? null,
    last_proof_at: proof === null ? null : isoOf(clock.nowMs() - (steadyMs - proof.askedAtMs)),
    next_retry_at: nextRetryAtMs === null ? null : isoOf(nextRetryAtMs),
    broker_attached: attached,
    clock_ahead_s: clockAheadOf(parts.clockOffsetMs),
    loading: parts.snapshotBytes === null ? null : { bytes: parts.snapshotBytes },
    unsent_sales: sales.waiting + sales.rejected,
    rejected_sales: sales.rejected,
    items: parts.items,
    notices: parts.notices,
  };
}

/** In steps of ten seconds, so that an answer that took a little longer is no news. */
function clockAheadOf(offsetMs: number | null): number | null {
  return offsetMs === null || Math.abs(offsetMs) <= OFFSET_SHOWN_MS
    ? null
    : Math.round(offsetMs / 10_000) * 10;
}
