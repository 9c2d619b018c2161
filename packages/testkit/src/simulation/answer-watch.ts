import type { TillInstance } from '@tillcast/protocol/http/status-api';
import type { Chronicle } from './chronicle.ts';
import type { MemoryDatabase } from './memory-database.ts';
import type { Surroundings } from './surroundings.ts';

/** Where a license stood when a question about it arrived. */
export interface Arrival {
  readonly licenseId: number;
  readonly epoch: string;
  readonly version: number;
}

/** As every answer of the sync API begins. */
const HEAD = /^\{"license_key":"[A-Z0-9-]+","epoch":"([a-z0-9]+)","version":(\d+),/;

/** Looks at every answer of the sync API as it leaves. */
export class AnswerWatch {
  readonly #surroundings: Surroundings;
  readonly #chronicle: Chronicle;
  readonly #database: () => MemoryDatabase;
  /** Terminals of whose data there was ever a second copy. */
  readonly #copied = new Set<string>();

  constructor(surroundings: Surroundings, chronicle: Chronicle, database: () => MemoryDatabase) {
    this.#surroundings = surroundings;
    this.#chronicle = chronicle;
    this.#database = database;
  }

  asked(licenseKey: string): Arrival | null {
    const license = this.#database()
      .licenses.values()
      .find(({ key }) => key === licenseKey);
    return license === undefined
      ? null
      : { licenseId: license.id, epoch: license.epoch, version: license.version };
  }

  /** Whoever asks is told of nothing older than what there was when the question came. */
  answered(path: string, arrival: Arrival | null, body: Uint8Array): void {
    const { broken } = this.#surroundings;
    const [, epoch = '', digits = ''] =
      HEAD.exec(Buffer.from(body.subarray(0, 200)).toString('latin1')) ?? [];
    if (arrival === null || epoch === '') {
      return broken('no stale answer', `${path} was answered by something without a head`);
    }
    const newest = this.#chronicle.newest(arrival.licenseId);
    const isOfThen = epoch === arrival.epoch && Number(digits) >= arrival.version;
    if (isOfThen || (epoch !== arrival.epoch && epoch === newest.epoch)) return undefined;
    return broken(
      'no stale answer',
      `${path}, asked at ${arrival.epoch} v${arrival.version}, was answered with ${epoch} v${digits}`,
    );
  }

  /** There are two of a till's data from now on. */
  copied(terminalId: string): void {
    this.#copied.add(terminalId);
  }

  /** Nobody is told of copies that there never were. */
  told(terminalId: string, said: TillInstance | undefined, cloned: boolean): void {
    if (!cloned || this.#copied.has(terminalId)) return;
    this.#surroundings.broken(
      'N copies',
      `${terminalId} is told of a copy that never was, at start ${said?.starts ?? '?'}`,
    );
  }
}
