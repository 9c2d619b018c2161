import type { Activity, TerminalEvents, TerminalState } from '@tillcast/protocol/http/terminal-api';
import { pageText } from './page-item.ts';
import type { CatalogChange, TouchedItem } from './store/change-tally.ts';

/** One server-sent event: its name, and its data as JSON text. */
export interface TillEvent {
  readonly name: keyof TerminalEvents;
  readonly json: string;
}

export function stateEvent(state: TerminalState): TillEvent {
  return { name: 'state', json: JSON.stringify(state) };
}

export function activityEvent(line: Activity): TillEvent {
  return { name: 'activity', json: JSON.stringify(line) };
}

export function catalogEvent(version: number): TillEvent {
  return { name: 'catalog', json: JSON.stringify({ version }) };
}

/** The rows that changed, or, where they are not all known one by one, that everything may have changed. */
export function changeEvent(change: CatalogChange): TillEvent {
  if (!change.complete) return catalogEvent(change.to.version);
  return { name: 'items', json: `{"rows":[${change.touched.map(rowJson).join(',')}]}` };
}

/** An item's stored text is JSON already. */
function rowJson({ kind, id, after }: TouchedItem): string {
  return `{"kind":${JSON.stringify(kind)},"id":${JSON.stringify(id)},"item":${after === null ? 'null' : pageText(kind, after)}}`;
}
