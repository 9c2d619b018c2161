import type { SyncNowAnswer } from '@tillcast/protocol/http/terminal-api';
import type { ReplicaState } from '@tillcast/protocol/replica/state';
import type { ReplicaDriver } from './driver.ts';
import { refusalText } from './status-words.ts';
import type { TillClock } from './till-clock.ts';

/** Whoever pressed the button does not wait longer. */
export const SYNC_NOW_MS = 2_000;

/** Asks the server now and says what came of it, at the latest after SYNC_NOW_MS. */
export async function syncNow(driver: ReplicaDriver, clock: TillClock): Promise<SyncNowAnswer> {
  const before = driver.state.cursor;
  const { promise, resolve } = Promise.withResolvers<boolean>();
  const check = (): void => {
    if (isDone(driver.state)) resolve(true);
  };
  driver.requestSync();
  const stopListening = driver.onChange(check);
  const callOff = clock.after(SYNC_NOW_MS, () => resolve(false));
  check();
  const done = await promise;
  stopListening();
  callOff();

  const { state, nextRetryAtMs } = driver;
  const after = state.cursor;
  const version = after?.version ?? null;
  const answer = (outcome: SyncNowAnswer['outcome'], message: string, applied = 0): SyncNowAnswer => {
    return { outcome, version, applied, message };
  };
  const retry =
    nextRetryAtMs === null ? 'retrying now' : `retrying in ${secondsText(nextRetryAtMs - clock.nowMs())}`;
  if (state.name === 'refused') return answer('refused', refusalText(state.code));
  if (state.name === 'waiting' && state.why === 'unreachable')
    return answer('no_connection', `No connection, ${retry}`);
  if (state.name === 'waiting' && state.why === 'store') {
    return answer('still_working', `This till cannot save the catalog: check its disk; ${retry}`);
  }
  // A try that has hung for so long after one that failed is not called work.
  if (!done && state.name === 'pulling' && state.attempt > 0)
    return answer('no_connection', 'No connection, still trying');
  if (!done || state.name === 'waiting') return answer('still_working', 'Still working on it');

  const sameHistory = before !== null && before.epoch === after?.epoch;
  const applied = Math.max(0, (version ?? 0) - (sameHistory ? before.version : 0));
  if (applied === 0) return answer('up_to_date', `Up to date (v${version ?? 0})`);
  return answer(
    'applied',
    `${applied === 1 ? '1 change' : `${applied} changes`} applied (v${version ?? 0})`,
    applied,
  );
}

function isDone({ name }: ReplicaState): boolean {
  return name === 'following' || name === 'waiting' || name === 'refused';
}

function secondsText(ms: number): string {
  return `${Math.max(1, Math.ceil(ms / 1_000))} s`;
}
