import { TillcastError } from '@tillcast/protocol/errors';
import type { Database } from '../database/database.ts';
import { type ReceivedReport, type WrittenReport, writeReports } from './report-statements.ts';

/** So many are written at once. */
const BATCH_MAX = 1_000;

interface Waiting {
  readonly received: ReceivedReport;
  readonly done: (written: WrittenReport | null) => void;
  readonly failed: (error: unknown) => void;
}

/**
 * Writes reports by one statement for all that came while the one before it was under way: a single till waits no
 * longer than for its own, and many cost few.
 */
export class ReportWriter {
  readonly #database: Database;
  readonly #onBatch: (reports: number) => void;
  #waiting: Waiting[] = [];
  #writing = false;

  /** @param onBatch told of each statement's size */
  constructor(database: Database, onBatch: (reports: number) => void) {
    this.#database = database;
    this.#onBatch = onBatch;
  }

  /**
   * Resolves when it is written, with what was known of the terminal until then; null where it does not count.
   * @throws TillcastError `database_unavailable`
   */
  write(received: ReceivedReport): Promise<WrittenReport | null> {
    const { promise, resolve, reject } = Promise.withResolvers<WrittenReport | null>();
    this.#waiting.push({ received, done: resolve, failed: reject });
    if (!this.#writing) void this.#writeAll();
    return promise;
  }

  async #writeAll(): Promise<void> {
    this.#writing = true;
    while (this.#waiting.length > 0) await this.#writeBatch(this.#takeBatch());
    this.#writing = false;
  }

  /** One report of each terminal, in the order in which they came; a terminal's next one waits. */
  #takeBatch(): readonly Waiting[] {
    const batch = new Map<string, Waiting>();
    const rest: Waiting[] = [];
    for (const waiting of this.#waiting) {
      const key = keyOf(waiting.received);
      if (batch.size < BATCH_MAX && !batch.has(key)) batch.set(key, waiting);
      else rest.push(waiting);
    }
    this.#waiting = rest;
    return [...batch.values()];
  }

  async #writeBatch(batch: readonly Waiting[]): Promise<void> {
    try {
      const rows = await writeReports(
        this.#database,
        batch.map(({ received }) => received),
      );
      this.#onBatch(batch.length);
      const byKey = new Map(rows.map((row) => [keyOf(row), row]));
      for (const { received, done } of batch) done(byKey.get(keyOf(received)) ?? null);
    } catch (error) {
      // What the database refuses is one report's fault: the others are not to suffer from it.
      if (batch.length === 1 || error instanceof TillcastError) {
        for (const { failed } of batch) failed(error);
        return;
      }
      for (const waiting of batch) await this.#writeBatch([waiting]);
    }
  }
}

function keyOf({ licenseId, terminalId }: Pick<ReceivedReport, 'licenseId' | 'terminalId'>): string {
  return `${licenseId} ${terminalId.toLowerCase()}`;
}
