import { TillcastError } from '@tillcast/protocol/errors';
import { LRUCache } from 'lru-cache';
import { type AuditedAct, appendAudit } from '../audit/append-audit.ts';
import type { Database } from '../database/database.ts';
import { addressKey } from '../http/limits/address-key.ts';

const ADDRESS_INTERVAL_MS = 10_000;
/** A till that is refused asks every 30 to 60 s, for as long as it stands there. */
const TERMINAL_INTERVAL_MS = 3_600_000;
/** Beyond this many addresses at once, the longest silent ones are told apart no longer. */
const MAX_ADDRESSES = 10_000;
/** The same of terminals: some 20 MB, of all that a license may have. */
const MAX_TERMINALS = 100_000;

/** What was asked for, and by whom. */
export interface Attempt {
  readonly address: string;
  /** The act's name where it is refused. */
  readonly act: string;
  /** What it is about, where that is proven; null where there is nothing to name. */
  readonly subject: string | null;
  /** The terminal that had proven who it is before it was refused with this code; null for none. */
  readonly provenTerminal?: (code: string) => string | null;
}

interface Source {
  readonly writtenAt: number;
  /** Refused since, and not written. */
  unwritten: number;
}

/**
 * Refusals in the audit log: of one address and code, one entry in ten seconds, and of one terminal that has
 * proven who it is, one in an hour, each with how many there were since the entry before. So guessing is seen,
 * and neither who guesses nor a shop full of suspended tills can fill the log.
 */
export class RefusalsLog {
  readonly #database: Database;
  readonly #now: () => Date;
  readonly #addresses = new LRUCache<string, Source>({ max: MAX_ADDRESSES });
  readonly #terminals = new LRUCache<string, Source>({ max: MAX_TERMINALS });

  constructor(options: { readonly database: Database; readonly now: () => Date }) {
    this.#database = options.database;
    this.#now = options.now;
  }

  /** Runs what may be refused, and writes the refusal down. */
  async watch<T>(by: Attempt, work: () => Promise<T>): Promise<T> {
    try {
      return await work();
    } catch (error) {
      if (error instanceof TillcastError && error.status < 500) await this.#refused(by, error.code);
      throw error;
    }
  }

  async #refused({ address, act, subject, provenTerminal }: Attempt, code: string): Promise<void> {
    const now = this.#now();
    const terminal = provenTerminal?.(code) ?? null;
    const count =
      terminal === null
        ? countOf(this.#addresses, `${act} ${code} ${addressKey(address)}`, now, ADDRESS_INTERVAL_MS)
        : countOf(this.#terminals, `${act} ${code} ${terminal}`, now, TERMINAL_INTERVAL_MS);
    if (count === 0) return;
    const entry: AuditedAct =
      terminal === null
        ? { actor: `address ${address}`, act, subject, detail: { code, count } }
        : {
            actor: `terminal ${terminal}`,
            act,
            subject: subject ?? terminal,
            detail: { code, count, address },
          };
    await this.#database.transaction((session) => appendAudit(session, entry, now));
  }
}

/** How many to write down now: none while the entry before is younger than the interval. */
function countOf(sources: LRUCache<string, Source>, name: string, now: Date, intervalMs: number): number {
  const source = sources.get(name);
  // A clock that was set back must not keep it silent.
  if (source !== undefined && Math.abs(now.getTime() - source.writtenAt) < intervalMs) {
    source.unwritten += 1;
    return 0;
  }
  sources.set(name, { writtenAt: now.getTime(), unwritten: 0 });
  return (source?.unwritten ?? 0) + 1;
}
