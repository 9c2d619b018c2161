import type { DeltaQuery } from '@tillcast/protocol/http/sync-api';
import { LRUCache } from 'lru-cache';
import {
  pageOfRecent,
  RECENT_MAX,
  type RecentChanges,
  readDeltaPage,
  readRecentChanges,
  type StoredDeltaPage,
} from '../catalog/read-delta-page.ts';
import type { Database } from '../database/database.ts';
import type { LicenseState } from '../licenses/license.ts';
import { SingleFlight } from './single-flight.ts';

/** So many deltas of a license are read each by itself while it stands at one version. */
const APART = 3;
/** How much further back than was asked for is read for all: twice as far, and this. */
const FURTHER = 256;
/** Licenses whose reads are counted; the oldest are forgotten. */
const LICENSES_MAX = 10_000;
const HELD_MAX_BYTES = 16 * 1024 * 1024;
/** Room that what is held takes besides its rows, roughly. */
const ENTRY_BYTES = 1_024;

interface Place {
  readonly epoch: string;
  readonly version: number;
}

/**
 * Reads deltas. Tills that return at once were not all cut off at the same version: when a few different deltas of one
 * license were read, the next read takes all that came lately, and those that begin anywhere in it cost none.
 */
export class SharedDeltas {
  readonly #database: Database;
  readonly #reads = new LRUCache<number, Place & { apart: number }>({ max: LICENSES_MAX });
  readonly #held = new LRUCache<number, RecentChanges>({
    maxSize: HELD_MAX_BYTES,
    sizeCalculation: ({ bytes }) => bytes + ENTRY_BYTES,
  });
  readonly #flights = new SingleFlight<RecentChanges | null>();

  constructor(database: Database) {
    this.#database = database;
  }

  /** As {@link readDeltaPage}, of the license's own history. */
  async page(license: LicenseState, query: DeltaQuery): Promise<StoredDeltaPage | 'history_gone'> {
    const { epoch, since, page, limit } = query;
    const isUsual = page === undefined && limit >= RECENT_MAX.rows;
    if (isUsual && epoch === license.epoch && since <= license.version) {
      const recent = this.#heldOf(license, since) ?? (await this.#recentOf(license, since));
      if (recent !== null) return pageOfRecent(recent, since);
    }
    return readDeltaPage(this.#database, license.key, query);
  }

  async #recentOf(license: LicenseState, since: number): Promise<RecentChanges | null> {
    if (this.#countRead(license) <= APART) return null;
    const { id, key, epoch, version } = license;
    await this.#flights.do(`${id} ${epoch} ${version}`, async () => {
      const back = 2 * (version - since) + FURTHER;
      const recent = await readRecentChanges(this.#database, key, Math.max(0, version - back));
      if (recent !== null) this.#held.set(id, recent);
      return recent;
    });
    return this.#heldOf(license, since);
  }

  /** Null where nothing is held that tells this delta, at where the license stands or later. */
  #heldOf({ id, epoch, version }: LicenseState, since: number): RecentChanges | null {
    const held = this.#held.get(id);
    const tells = held?.epoch === epoch && held.version >= version && held.from <= since;
    return tells ? held : null;
  }

  /** The how-manieth read it is while the license stands where it does. */
  #countRead({ id, epoch, version }: LicenseState): number {
    const before = this.#reads.get(id);
    const isSame = before?.epoch === epoch && before.version === version;
    const apart = (isSame ? before.apart : 0) + 1;
    this.#reads.set(id, { epoch, version, apart });
    return apart;
  }
}
