import type { Activity, SyncNowAnswer } from '@tillcast/protocol/http/terminal-api';
import type { ItemKind } from '@tillcast/protocol/items/kind';
import type { WireItem } from '@tillcast/protocol/messages/payload';
import { readSession } from '../counter/counter-answers.ts';
import { readActivities, readItems, readState, readSyncNow, type TillState } from './answers.ts';

/** A read of a whole kind may be large, and the machine old. */
const READ_TIMEOUT_MS = 15_000;
/** The till promises an answer within 2 s. */
const SYNC_TIMEOUT_MS = 4_000;

/** The till's local server. All reject when it is not reached, says no, or answers what is not readable. */
export interface TillApi {
  state(timeoutMs: number): Promise<TillState>;
  items(kind: ItemKind): Promise<readonly WireItem[]>;
  activity(): Promise<readonly Activity[]>;
  syncNow(): Promise<SyncNowAnswer>;
}

export const tillApi: TillApi = {
  state: async (timeoutMs) => readState(await json('/api/state', timeoutMs)),
  items: async (kind) => readItems(await json(`/api/items/${kind}`, READ_TIMEOUT_MS)),
  activity: async () => readActivities(await json('/api/activity', READ_TIMEOUT_MS)),
  syncNow: async () => {
    const { csrf } = readSession(await json('/api/session', SYNC_TIMEOUT_MS));
    return readSyncNow(
      await json('/api/sync', SYNC_TIMEOUT_MS, {
        method: 'POST',
        headers: { 'content-type': 'application/json', 'x-tillcast-csrf': csrf },
        body: '{}',
      }),
    );
  },
};

async function json(path: string, timeoutMs: number, request: RequestInit = {}): Promise<unknown> {
  const response = await fetch(path, {
    ...request,
    cache: 'no-store',
    signal: AbortSignal.timeout(timeoutMs),
  });
  if (!response.ok) throw new Error(`${path} answered ${response.status}.`);
  return response.json();
}
