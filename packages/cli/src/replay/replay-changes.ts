import { TillcastError } from '@tillcast/protocol/errors';
import type { CommitResult } from '@tillcast/protocol/http/admin-api';
import type { LicenseKey } from '@tillcast/protocol/license-key';
import { type Currency, toDecimal } from '@tillcast/protocol/money';
import type { Operation } from '@tillcast/protocol/operation';
import type { RecordedChange } from './price-changes.ts';

/** What became of a replay for one license. */
export interface ReplayTally {
  readonly license_key: LicenseKey;
  /** Rows that were sent. */
  readonly sent: number;
  readonly changed: number;
  /** The product had that price already. */
  readonly unchanged: number;
  /** The license has no such product. */
  readonly unknown: number;
  /** The license's version after the last one; null when none was sent. */
  readonly version: number | null;
}

export interface ReplayOptions {
  readonly licenses: readonly LicenseKey[];
  /** How many times faster than recorded; Infinity for as fast as it goes. */
  readonly speed: number;
  readonly currency: Currency;
  /** Ends the replay after the requests that are under way. */
  readonly signal: AbortSignal;
  readonly clock: ReplayClock;
  readonly onProgress: (done: number) => void;
}

/** Monotonic milliseconds, and waiting that a signal cuts short. */
export interface ReplayClock {
  now(): number;
  sleep(durationMs: number, signal: AbortSignal): Promise<void>;
}

/** The two things that a replay needs of the admin API. */
export interface Committer {
  commit(license: LicenseKey, operations: readonly Operation[]): Promise<CommitResult>;
}

/**
 * Sends recorded changes when they are due. One license's go one after the other, since two requests under
 * way could be committed in the wrong order; several licenses go side by side.
 * @throws what a request fails with, except `item_not_found`, which is counted
 */
export async function replayChanges(
  client: Committer,
  changes: readonly RecordedChange[],
  options: ReplayOptions,
): Promise<readonly ReplayTally[]> {
  const startedAt = options.clock.now();
  const first = changes[0]?.atMs ?? 0;
  const done = new Map<LicenseKey, number>();
  const failure = new AbortController();
  const signal = AbortSignal.any([options.signal, failure.signal]);
  const lane = async (license: LicenseKey): Promise<ReplayTally> => {
    const tally = {
      license_key: license,
      sent: 0,
      changed: 0,
      unchanged: 0,
      unknown: 0,
      version: null as number | null,
    };
    for (const change of changes) {
      const waitMs = startedAt + (change.atMs - first) / options.speed - options.clock.now();
      if (waitMs > 0) await options.clock.sleep(waitMs, signal);
      if (signal.aborted) break;
      const result = await commitOne(client, license, change, options.currency);
      tally.sent += 1;
      if (result === null) tally.unknown += 1;
      else {
        tally.version = result.version;
        if (result.type === null) tally.unchanged += 1;
        else tally.changed += 1;
      }
      done.set(license, tally.sent);
      options.onProgress(Math.min(...options.licenses.map((each) => done.get(each) ?? 0)));
    }
    return tally;
  };
  const lanes = options.licenses.map((license) =>
    lane(license).catch((error: unknown) => {
      failure.abort();
      throw error;
    }),
  );
  // All have ended before anything is thrown: no request is left behind.
  const ended = await Promise.allSettled(lanes);
  return ended.map((each) => {
    if (each.status === 'rejected') throw each.reason;
    return each.value;
  });
}

async function commitOne(
  client: Committer,
  license: LicenseKey,
  change: RecordedChange,
  currency: Currency,
): Promise<CommitResult | null> {
  const price = toDecimal(change.newMinor, currency);
  try {
    return await client.commit(license, [{ op: 'set_price', product_id: change.sku, price, currency }]);
  } catch (error) {
    if (error instanceof TillcastError && error.code === 'item_not_found') return null;
    throw error;
  }
}
