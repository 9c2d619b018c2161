import { sha256Hex } from '#sha256';
import type { AuditEntry } from './http/admin-api.ts';

/** An entry's number and hash: from then on the log up to there cannot be changed unnoticed. */
export interface AuditHead {
  readonly number: number;
  /** 64 hexadecimal digits. */
  readonly hash: string;
}

/** The head of an empty log. */
export const AUDIT_START: AuditHead = { number: 0, hash: '0'.repeat(64) };

/**
 * The hash of an entry: SHA-256, in hexadecimal, of the UTF-8 bytes of the hash before it, a line feed, and
 * the JSON array of number, at, actor, act, subject and detail as `JSON.stringify` writes it. The database's
 * function `append_audit` computes the same.
 */
export function auditHash(before: string, entry: Omit<AuditEntry, 'hash'>): string {
  const { number, at, actor, act, subject, detail } = entry;
  return sha256Hex(`${before}\n${JSON.stringify([number, at, actor, act, subject, detail])}`);
}

/** Where a log is broken, and how. */
export interface AuditBreak {
  /** Of the first entry that is not as it was written, or is missing. */
  readonly number: number;
  /** A sentence. */
  readonly detail: string;
}

/**
 * Recomputes a log from its first entry on: hand in every entry in order, then the head that the log says it
 * has. Without a head noted elsewhere it finds whatever was changed, left out, moved or put in, but not a log
 * that was written anew from some entry on, nor one whose end was cut off and whose head was set to match.
 */
export class AuditVerifier {
  readonly #noted: AuditHead | null;
  #head: AuditHead = AUDIT_START;

  /** @param noted a head that was taken down when the log was known to be good; null for none */
  constructor(noted: AuditHead | null = null) {
    this.#noted = noted;
  }

  /** The last entry that was found to be good. */
  get head(): AuditHead {
    return this.#head;
  }

  /** @returns what is wrong with the entry; null where it follows those before it */
  add(entry: AuditEntry): AuditBreak | null {
    const { number, hash } = entry;
    const expected = this.#head.number + 1;
    if (number !== expected) {
      return {
        number: expected,
        detail: `Entry ${expected} is missing: entry ${number} comes in its place.`,
      };
    }
    if (auditHash(this.#head.hash, entry) !== hash) {
      return { number, detail: `Entry ${number} is not as it was written, or the one before it is not.` };
    }
    this.#head = { number, hash };
    return number === this.#noted?.number ? this.#breakAtNoted() : null;
  }

  /** @param head as the log has it @returns what is wrong with the log's end; null where all of it is good */
  end(head: AuditHead): AuditBreak | null {
    const { number } = this.#head;
    const first = Math.min(number, head.number) + 1;
    if (head.number > number) {
      return { number: first, detail: `Entry ${first} is missing: the log goes up to ${head.number}.` };
    }
    if (head.number < number) {
      return { number: first, detail: `Entry ${first} was put in: the log goes up to ${head.number}.` };
    }
    if (head.hash !== this.#head.hash) {
      return { number, detail: `Entry ${number} is not the one that the log's head tells of.` };
    }
    if (this.#noted === null || this.#noted.number < number) return null;
    if (this.#noted.number > number) {
      return {
        number: number + 1,
        detail: `Entry ${number + 1} is missing: entry ${this.#noted.number} was noted.`,
      };
    }
    return this.#breakAtNoted();
  }

  #breakAtNoted(): AuditBreak | null {
    const { number, hash } = this.#head;
    if (this.#noted?.hash === hash) return null;
    return { number, detail: `The log up to entry ${number} is not the one that was noted.` };
  }
}
