import type { BroadcastMessage } from '@tillcast/protocol/messages/envelope';
import type { NewActivity } from '../store/activity-table.ts';
import type { CatalogChange, TouchedItem } from '../store/change-tally.ts';
import type { ChangeNote } from './change-note.ts';
import type { DropReason } from './incoming.ts';
import { factsOf, priceText } from './item-facts.ts';
import { isoOf } from './till-clock.ts';

/** So many changed prices of one delta, snapshot or import get a line each. */
export const PRICE_LINES_MAX = 50;

/** The lines of a change that came as a message. */
export function linesOfMessage(note: ChangeNote, change: CatalogChange, appliedAtMs: number): NewActivity[] {
  const stamp = {
    type: note.type,
    version: change.to.version,
    committed_at: note.committedAt,
    received_at: isoOf(note.receivedAtMs),
    applied_at: isoOf(appliedAtMs),
  };
  if (note.licenseStatus !== null) {
    const summary = note.licenseStatus === 'active' ? 'The license is active' : 'The license is suspended';
    return [{ ...NO_ITEM, ...stamp, summary }];
  }
  if (note.type === 'catalog_update') {
    const summary = `${items(change.count)} changed (v${change.to.version})`;
    return [...priceLines(change, stamp), { ...NO_ITEM, ...stamp, summary }];
  }
  return change.touched.map((touched) => itemLine(touched, stamp));
}

/** The lines of a delta: how far it led, and which prices changed by it. */
export function linesOfDelta(
  change: CatalogChange,
  receivedAtMs: number,
  appliedAtMs: number,
): NewActivity[] {
  const { from, to } = change;
  if (from !== null && from.version === to.version && change.count === 0) return [];
  const count = to.version - (from?.version ?? 0);
  const summary = `${changes(count)} applied (v${from?.version ?? 0} → v${to.version})`;
  return withPrices('delta', summary, change, receivedAtMs, appliedAtMs);
}

/** The lines of a repair. */
export function linesOfRepair(
  change: CatalogChange,
  receivedAtMs: number,
  appliedAtMs: number,
): NewActivity[] {
  const summary = `Catalog mended: ${items(change.count)} put right (v${change.to.version})`;
  return withPrices('repair', summary, change, receivedAtMs, appliedAtMs);
}

/** The lines of a snapshot. */
export function linesOfSnapshot(
  change: CatalogChange,
  receivedAtMs: number,
  appliedAtMs: number,
): NewActivity[] {
  const { from, to } = change;
  const summary =
    from === null
      ? `Catalog loaded: ${items(change.count)} (v${to.version})`
      : `Catalog loaded anew: ${items(change.count)} changed (v${from.version} → v${to.version})`;
  // The first catalog is all new: no price of it has changed.
  return withPrices('snapshot', summary, change, receivedAtMs, appliedAtMs);
}

/** The line of a broadcast. */
export function lineOfBroadcast(message: BroadcastMessage, receivedAtMs: number): NewActivity {
  return {
    ...NO_ITEM,
    type: message.type,
    version: null,
    summary: message.payload.message,
    committed_at: message.timestamp,
    received_at: isoOf(receivedAtMs),
    applied_at: isoOf(receivedAtMs),
  };
}

/** Why messages were refused, in a cashier's words. */
const REFUSALS: Readonly<Record<DropReason, string>> = {
  message_malformed: 'not readable',
  message_misrouted: 'not addressed as they should be',
  message_foreign_license: 'meant for another license',
  message_unsigned: 'not signed by the server',
  message_signature_invalid: 'not as the server signed them',
  message_key_unknown: 'signed by somebody unknown',
};

/** The line of messages that came from the broker and were not believed. */
export function lineOfRefused(why: DropReason, count: number, nowMs: number): NewActivity {
  const what = count === 1 ? '1 message' : `${count} messages`;
  return {
    ...NO_ITEM,
    type: 'message_refused',
    version: null,
    summary: `Refused ${what}: ${REFUSALS[why]}`,
    committed_at: null,
    received_at: isoOf(nowMs),
    applied_at: isoOf(nowMs),
  };
}

/** The line of another copy of this till's data that was heard by the server, or that is not heard any more. */
export function lineOfCloned(cloned: boolean, nowMs: number): NewActivity {
  return {
    ...NO_ITEM,
    type: 'till_cloned',
    version: null,
    summary: cloned
      ? 'Another copy of this till’s data is in use'
      : 'No other copy of this till’s data is in use any more',
    committed_at: null,
    received_at: isoOf(nowMs),
    applied_at: isoOf(nowMs),
  };
}

const NO_ITEM = { kind: null, item_id: null, old_price: null, new_price: null, currency: null } as const;

type Stamp = Pick<NewActivity, 'type' | 'version' | 'committed_at' | 'received_at' | 'applied_at'>;

function withPrices(
  type: string,
  summary: string,
  change: CatalogChange,
  receivedAtMs: number,
  appliedAtMs: number,
): NewActivity[] {
  const stamp = {
    type,
    version: change.to.version,
    committed_at: null,
    received_at: isoOf(receivedAtMs),
    applied_at: isoOf(appliedAtMs),
  };
  return [...priceLines(change, stamp), { ...NO_ITEM, ...stamp, summary }];
}

function priceLines(change: CatalogChange, stamp: Stamp): NewActivity[] {
  const lines: NewActivity[] = [];
  for (const touched of change.touched) {
    if (lines.length === PRICE_LINES_MAX) break;
    if (touched.kind !== 'product' || touched.before === null || touched.after === null) continue;
    const line = itemLine(touched, stamp);
    if (line.old_price !== line.new_price) lines.push(line);
  }
  return lines;
}

/** What happened to one item, with its old and its new price where it has one. */
function itemLine({ kind, id, before, after }: TouchedItem, stamp: Stamp): NewActivity {
  const [old, now] = [factsOf(before), factsOf(after)];
  const name = now.name ?? old.name ?? id;
  const currency = now.currency ?? old.currency;
  const line = {
    ...stamp,
    kind,
    item_id: id,
    old_price: old.price,
    new_price: now.price,
    currency,
  };
  if (after === null) return { ...line, summary: `${name} removed` };
  if (before === null) return { ...line, summary: `${name} added` };
  if (old.price === now.price && old.currency === now.currency)
    return { ...line, summary: `${name} changed` };
  const prices = `${priceText(old.price, old.currency)} → ${priceText(now.price, now.currency)}`;
  return { ...line, summary: `${name} ${prices}${currency === null ? '' : ` ${currency}`}` };
}

function items(count: number): string {
  return count === 1 ? '1 item' : `${count} items`;
}

function changes(count: number): string {
  return count === 1 ? '1 change' : `${count} changes`;
}
