import type { ItemKind } from '../items/kind.ts';
import type { WireItem } from '../messages/payload.ts';
import type { TerminalStatusWord } from '../replica/status.ts';

/** `GET /api/state` of the till's local server: everything the chip and its sheet say. */
export interface TerminalState {
  readonly license_key: string;
  readonly terminal_id: string;
  readonly terminal_name: string;
  readonly status: TerminalStatusWord;
  /** Why it is not live, in a cashier's words; empty when live. */
  readonly reason: string;
  /** The same for programs, which may have other words for it; null when live. */
  readonly reason_code: string | null;
  /** How many changes it knows itself to be behind; null when it cannot know. */
  readonly behind: number | null;
  readonly epoch: string | null;
  readonly version: number | null;
  readonly digest: string | null;
  /** When the server was asked for the last proof of currency: ISO 8601; null before the first. */
  readonly last_proof_at: string | null;
  /** When the next try is due: ISO 8601; null when none waits. */
  readonly next_retry_at: string | null;
  readonly broker_attached: boolean;
  /** How far this machine's clock is ahead of the server's, where it is more than a minute off; else null. */
  readonly clock_ahead_s: number | null;
  /** While the catalog comes as a whole: how much of it is here; null otherwise. */
  readonly loading: Loading | null;
  /** Sales that the server has not taken, those that it rejected too. */
  readonly unsent_sales: number;
  /** Those of them that it rejected: parked until somebody looks at them. */
  readonly rejected_sales: number;
  readonly items: Readonly<Record<ItemKind, number>>;
  readonly notices: readonly Notice[];
}

/** How much of a catalog has arrived, unpacked. How much there is nobody knows before its end. */
export interface Loading {
  readonly bytes: number;
}

/** A broadcast that has not expired. */
export interface Notice {
  readonly id: string;
  readonly message: string;
  readonly severity: 'info' | 'warning';
  readonly sent_at: string;
  readonly expires_at: string;
}

/** `GET /api/items/:kind` */
export interface ItemsAnswer {
  readonly items: readonly WireItem[];
}

/** `POST /api/sync`: what "Sync now" came to, within 2 s. */
export interface SyncNowAnswer {
  readonly outcome: 'up_to_date' | 'applied' | 'no_connection' | 'refused' | 'still_working';
  readonly version: number | null;
  /** Changes applied by it. */
  readonly applied: number;
  /** For people: "Up to date (v1284)". */
  readonly message: string;
}

/** One line of the till's activity log: a change as it was applied here. */
export interface Activity {
  readonly id: number;
  readonly type: string;
  readonly version: number | null;
  readonly summary: string;
  readonly kind: ItemKind | null;
  readonly item_id: string | null;
  readonly old_price: number | null;
  readonly new_price: number | null;
  readonly currency: string | null;
  readonly committed_at: string | null;
  readonly received_at: string | null;
  readonly applied_at: string;
}

/** `GET /api/activity` : newest first */
export interface ActivityAnswer {
  readonly activity: readonly Activity[];
}

/**
 * `GET /api/events`: server-sent events. `state` whenever it changes, `items` with the rows that a change
 * touched (null: deleted), `catalog` when everything may have changed and the page should read it anew,
 * `activity` with each new line; `order`, `sales` and `session` when orders, sales or who is signed in have changed.
 */
export interface TerminalEvents {
  readonly state: TerminalState;
  readonly items: { readonly rows: readonly ItemEvent[] };
  readonly catalog: { readonly version: number };
  readonly activity: Activity;
  readonly order: CounterChanged;
  readonly sales: CounterChanged;
  readonly session: CounterChanged;
}

/** What has changed is asked for. */
export type CounterChanged = Readonly<Record<string, never>>;

export interface ItemEvent {
  readonly kind: ItemKind;
  readonly id: string;
  readonly item: WireItem | null;
}
