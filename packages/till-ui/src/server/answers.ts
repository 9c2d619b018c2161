import type {
  Activity,
  ItemEvent,
  Loading,
  Notice,
  SyncNowAnswer,
  TerminalState,
} from '@tillcast/protocol/http/terminal-api';
import type { ItemKind } from '@tillcast/protocol/items/kind';
import type { WireItem } from '@tillcast/protocol/messages/payload';
import type { TerminalStatusWord } from '@tillcast/protocol/replica/status';
import {
  type Fields,
  fieldsOf,
  isFields,
  keyOf,
  listIn,
  numberIn,
  numberOrNullIn,
  textIn,
  textOrNullIn,
  UnreadableAnswer,
} from './reading.ts';

// Written out, and not imported as values: the protocol's own lists come with its schemas, which no page needs.
const STATUS_WORDS: Readonly<Record<TerminalStatusWord, true>> = {
  live: true,
  catching_up: true,
  offline: true,
  needs_attention: true,
};
const OUTCOMES: Readonly<Record<SyncNowAnswer['outcome'], true>> = {
  up_to_date: true,
  applied: true,
  no_connection: true,
  refused: true,
  still_working: true,
};
const KINDS: Readonly<Record<ItemKind, true>> = {
  category: true,
  modifier: true,
  product: true,
  table: true,
  user: true,
};

/** The till's state as the page takes it. */
export type TillState = TerminalState;

/** `GET /api/state` and the `state` event. @throws UnreadableAnswer */
export function readState(value: unknown): TillState {
  const fields = fieldsOf(value, 'The state');
  const status = keyOf(STATUS_WORDS, fields['status']);
  if (status === null) throw new UnreadableAnswer('status is none that this page knows.');
  const items = fieldsOf(fields['items'], 'items');
  return {
    license_key: textIn(fields, 'license_key'),
    terminal_id: textIn(fields, 'terminal_id'),
    terminal_name: textIn(fields, 'terminal_name'),
    status,
    reason: textIn(fields, 'reason'),
    reason_code: textOrNullIn(fields, 'reason_code'),
    behind: numberOrNullIn(fields, 'behind'),
    epoch: textOrNullIn(fields, 'epoch'),
    version: numberOrNullIn(fields, 'version'),
    digest: textOrNullIn(fields, 'digest'),
    last_proof_at: textOrNullIn(fields, 'last_proof_at'),
    next_retry_at: textOrNullIn(fields, 'next_retry_at'),
    clock_ahead_s: numberOrNullIn(fields, 'clock_ahead_s'),
    broker_attached: fields['broker_attached'] === true,
    unsent_sales: numberIn(fields, 'unsent_sales'),
    rejected_sales: numberOrNullIn(fields, 'rejected_sales') ?? 0,
    items: {
      category: numberIn(items, 'category'),
      modifier: numberIn(items, 'modifier'),
      product: numberIn(items, 'product'),
      table: numberIn(items, 'table'),
      user: numberIn(items, 'user'),
    },
    notices: listIn(fields, 'notices').map(readNotice),
    loading: readLoading(fields['loading']),
  };
}

function readLoading(value: unknown): Loading | null {
  if (!isFields(value)) return null;
  return { bytes: numberIn(value, 'bytes') };
}

function readNotice(value: unknown): Notice {
  const fields = fieldsOf(value, 'A notice');
  return {
    id: textIn(fields, 'id'),
    message: textIn(fields, 'message'),
    severity: fields['severity'] === 'warning' ? 'warning' : 'info',
    sent_at: textIn(fields, 'sent_at'),
    expires_at: textIn(fields, 'expires_at'),
  };
}

/** `GET /api/items/:kind` @throws UnreadableAnswer */
export function readItems(value: unknown): readonly WireItem[] {
  return listIn(fieldsOf(value, 'The list of items'), 'items').map(readItem);
}

function readItem(value: unknown): WireItem {
  if (isWireItem(value)) return value;
  throw new UnreadableAnswer('An item has no id.');
}

function isWireItem(value: unknown): value is WireItem {
  return isFields(value) && typeof value['id'] === 'string';
}

/** `GET /api/activity` @throws UnreadableAnswer */
export function readActivities(value: unknown): readonly Activity[] {
  return listIn(fieldsOf(value, 'The activity log'), 'activity').map(readActivity);
}

/** The `activity` event. @throws UnreadableAnswer */
export function readActivity(value: unknown): Activity {
  const fields = fieldsOf(value, 'A line of the activity log');
  return {
    id: numberIn(fields, 'id'),
    type: textIn(fields, 'type'),
    version: numberOrNullIn(fields, 'version'),
    summary: textIn(fields, 'summary'),
    kind: keyOf(KINDS, fields['kind']),
    item_id: textOrNullIn(fields, 'item_id'),
    old_price: numberOrNullIn(fields, 'old_price'),
    new_price: numberOrNullIn(fields, 'new_price'),
    currency: textOrNullIn(fields, 'currency'),
    committed_at: textOrNullIn(fields, 'committed_at'),
    received_at: textOrNullIn(fields, 'received_at'),
    applied_at: textIn(fields, 'applied_at'),
  };
}

/** The `items` event. Rows of a kind that this page does not know are left out. @throws UnreadableAnswer */
export function readItemEvents(value: unknown): readonly ItemEvent[] {
  return listIn(fieldsOf(value, 'The changed items'), 'rows').flatMap((row) => {
    const fields: Fields = fieldsOf(row, 'A changed item');
    const kind = keyOf(KINDS, fields['kind']);
    if (kind === null) return [];
    const item = fields['item'] === null ? null : readItem(fields['item']);
    return [{ kind, id: textIn(fields, 'id'), item }];
  });
}

/** `POST /api/sync` @throws UnreadableAnswer */
export function readSyncNow(value: unknown): SyncNowAnswer {
  const fields = fieldsOf(value, 'The answer to Sync now');
  const outcome = keyOf(OUTCOMES, fields['outcome']);
  if (outcome === null) throw new UnreadableAnswer('outcome is none that this page knows.');
  return {
    outcome,
    version: numberOrNullIn(fields, 'version'),
    applied: numberOrNullIn(fields, 'applied') ?? 0,
    message: textIn(fields, 'message'),
  };
}
