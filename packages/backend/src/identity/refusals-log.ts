import { TillcastError } from '@tillcast/protocol/errors';
import { LRUCache } from 'lru-cache';
import { type AuditedAct, appendAudit } from '../audit/append-audit.ts';
import type { Database } from '../database/database.ts';
import { addressKey } from '../http/limits/address-key.ts';

const INTERVAL_MS = 10_000;
/** Beyond this many addresses at once, the longest silent ones are told apart no longer. */
const MAX_SOURCES = 10_000;

interface Source {
  readonly writtenAt: number;
  /** Refused since, and not written. */
  unwritten: number;
}

/**
 * Refusals in the audit log: of one address and code, one entry in ten seconds, with how many there were since
 * the entry before. So guessing is seen, and cannot fill the log.
 */
export class RefusalsLog {
  readonly #database: Database;
  readonly #now: () => Date;
  readonly #sources = new LRUCache<string, Source>({ max: MAX_SOURCES });

  constructor(options: { readonly database: Database; readonly now: () => Date }) {
    this.#database = options.database;
    this.#now = options.now;
  }

  /**
   * Runs what may be refused, and writes the refusal down.
   * @param by the address that asks, the act's name, and what it is about where that is proven
   */
  async watch<T>(
    by: { readonly address: string; readonly act: string; readonly subject: string | null },
    work: () => Promise<T>,
  ): Promise<T> {
    try {
      return await work();
    } catch (error) {
      if (error instanceof TillcastError && error.status < 500) await this.#refused(by, error.code);
      throw error;
    }
  }

  async #refused(
    by: { readonly address: string; readonly act: string; readonly subject: string | null },
    code: string,
  ): Promise<void> {
    const { address, act, subject } = by;
    const now = this.#now();
    const name = `${act} ${code} ${addressKey(address)}`;
    const source = this.#sources.get(name);
    if (source !== undefined && now.getTime() - source.writtenAt < INTERVAL_MS) {
      source.unwritten += 1;
      return;
    }
    const count = (source?.unwritten ?? 0) + 1;
    this.#sources.set(name, { writtenAt: now.getTime(), unwritten: 0 });
    const entry: AuditedAct = { actor: `address ${address}`, act, subject, detail: { code, count } };
    await this.#database.transaction((session) => appendAudit(session, entry, now));
  }
}
