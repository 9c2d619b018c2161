import type { ErrorCode } from '@tillcast/protocol/errors';
import type { ReplicaState } from '@tillcast/protocol/replica/state';
import type { ShownStatus } from './shown-status.ts';

const REASONS: Readonly<Record<Exclude<NonNullable<ShownStatus['reason']>, 'refused'>, string>> = {
  no_catalog_yet: 'The catalog is being loaded for the first time.',
  server_silent: 'The server does not answer. Selling works; prices may be out of date.',
  broker_detached: 'The line for instant changes is being set up again.',
  behind: 'Changes are on their way.',
  working: 'Asking the server for changes.',
  unsent_sales: 'Sales are on their way to the server.',
  store_failing: 'This till cannot save changes. Check its disk for free space.',
  content_differs: "The catalog here is not the server's; it is being loaded again.",
  cloned:
    'Another copy of this till’s data is in use, or this one was restored from an old copy. Selling works. Call your supplier: each till is activated by itself.',
};

/** Why the status is what it is, in a cashier's words; empty when live. */
export function reasonText(state: ReplicaState, { reason }: Pick<ShownStatus, 'reason'>): string {
  if (reason === null) return '';
  if (reason === 'refused') return refusalText(state.name === 'refused' ? state.code : 'license_unknown');
  if (reason === 'server_silent' && state.cursor === null)
    return 'The server has not been reached yet; there is no catalog to sell from.';
  return REASONS[reason];
}

/** The same as a code: the server's where it refuses. */
export function reasonCode(state: ReplicaState, { reason }: Pick<ShownStatus, 'reason'>): string | null {
  if (reason === 'refused') return state.name === 'refused' ? state.code : 'license_unknown';
  return reason === 'server_silent' && state.cursor === null ? 'server_not_reached' : reason;
}

/** What the server's refusal means to whoever stands at the till. */
export function refusalText(code: ErrorCode): string {
  switch (code) {
    case 'license_suspended':
      return 'The license is suspended. Call your supplier.';
    case 'license_expired':
      return 'The license has expired. Call your supplier.';
    case 'license_unknown':
      return 'The server does not know the license of this till. Check its license key.';
    case 'license_revoked':
      return 'The license was ended for good. Call your supplier.';
    case 'terminal_revoked':
      return 'This till was shut out by the operator. Call your supplier, who can activate it again.';
    case 'terminal_unknown':
    case 'assertion_invalid':
      return 'The server does not know this till any more. Call your supplier: it must be activated again.';
    case 'terminal_not_activated':
    case 'license_key_not_accepted':
      return 'This till is not activated yet. Whoever looks after it runs: tillcast terminal activate.';
    default:
      return `The server refuses this till (${code}). Call your supplier.`;
  }
}
