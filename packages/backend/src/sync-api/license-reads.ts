import type { LicenseKey } from '@tillcast/protocol/license-key';
import type { LicenseState } from '../licenses/license.ts';

interface Lane {
  /** The read that is under way; who comes now may come after it looked. */
  readonly current: Promise<LicenseState | null>;
  /** The read that follows it, for all who came meanwhile. */
  next: Promise<LicenseState | null> | null;
}

/**
 * Reads of licenses for those who must see nothing older than their question: each gets a read that began
 * after it came, and yet a thousand tills of one license that ask at once cost two reads: the first one's,
 * and one for all who came while it was under way.
 */
export class LicenseReads {
  readonly #find: (key: LicenseKey) => Promise<LicenseState | null>;
  readonly #lanes = new Map<LicenseKey, Lane>();

  constructor(find: (key: LicenseKey) => Promise<LicenseState | null>) {
    this.#find = find;
  }

  /** The license as it stands now; null for none. @throws TillcastError `database_unavailable` */
  read(key: LicenseKey): Promise<LicenseState | null> {
    const lane = this.#lanes.get(key);
    if (lane === undefined) return this.#begin(key);
    const again = (): Promise<LicenseState | null> => this.#begin(key);
    lane.next ??= lane.current.then(again, again);
    return lane.next;
  }

  #begin(key: LicenseKey): Promise<LicenseState | null> {
    const lane: Lane = { current: this.#find(key), next: null };
    this.#lanes.set(key, lane);
    const leave = (): void => {
      if (lane.next === null) this.#lanes.delete(key);
    };
    lane.current.then(leave, leave);
    return lane.current;
  }
}
