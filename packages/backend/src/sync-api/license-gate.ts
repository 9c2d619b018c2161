import { TillcastError } from '@tillcast/protocol/errors';
import { type LicenseKey, parseLicenseKey } from '@tillcast/protocol/license-key';
import type { LicenseState } from '../licenses/license.ts';
import { refusalOf, standingOf } from '../licenses/standing.ts';

interface Lane {
  /** The read that is under way; who comes now may come after it looked. */
  readonly current: Promise<LicenseState | null>;
  /** The read that follows it, for all who came meanwhile. */
  next: Promise<LicenseState | null> | null;
}

/**
 * Says who may read what: every request is checked against the database, by a read that began after the
 * request came. So nothing outlives a suspension, and yet a thousand tills of one license that ask at once
 * cost two reads: the first one's, and one for all who came while it was under way.
 */
export class LicenseGate {
  readonly #find: (key: LicenseKey) => Promise<LicenseState | null>;
  readonly #now: () => Date;
  readonly #lanes = new Map<LicenseKey, Lane>();

  constructor(options: {
    readonly find: (key: LicenseKey) => Promise<LicenseState | null>;
    readonly now: () => Date;
  }) {
    this.#find = options.find;
    this.#now = options.now;
  }

  /**
   * The license that a request names, as it stands now.
   * @throws TillcastError `credentials_missing`, `license_key_malformed`, `license_unknown`,
   *   `license_suspended`, `license_expired`, `database_unavailable`
   */
  async admit(header: string | readonly string[] | undefined): Promise<LicenseState> {
    if (header === undefined || header === '') {
      throw new TillcastError(
        'credentials_missing',
        'No license key was sent: name the license in the X-License-Key header.',
      );
    }
    const key = parseLicenseKey(header);
    const license = await this.#read(key);
    if (license === null) {
      throw new TillcastError('license_unknown', `License ${key} is not known here: check the key.`);
    }
    const refusal = refusalOf(standingOf(license, this.#now()));
    if (refusal !== null) throw refusal;
    return license;
  }

  #read(key: LicenseKey): Promise<LicenseState | null> {
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
