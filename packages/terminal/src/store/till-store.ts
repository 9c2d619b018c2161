import type { Cursor } from '@tillcast/protocol/cursor';
import { DigestSum } from '@tillcast/protocol/digest';
import { TillcastError } from '@tillcast/protocol/errors';
import type { Activity, Notice } from '@tillcast/protocol/http/terminal-api';
import type { Row } from '@tillcast/protocol/items/item';
import type { ItemKind } from '@tillcast/protocol/items/kind';
import type { LicenseKey } from '@tillcast/protocol/license-key';
import type { Edit } from '@tillcast/protocol/messages/edits';
import type { NewActivity } from './activity-table.ts';
import { type CatalogChange, ChangeTally } from './change-tally.ts';
import { type OpenCatalog, openCatalog, type SetAside, setAside } from './open-catalog.ts';
import { isDamaged, messageOf } from './sqlite-error.ts';
import { type Decided, inTransaction } from './transaction.ts';
import { doEdit, type RowSink, writeAll, writeRow } from './write-rows.ts';

/** What became of a commit. Only `applied` changed anything. */
export type ApplyOutcome =
  | { readonly outcome: 'applied'; readonly change: CatalogChange; readonly activity: readonly Activity[] }
  /** What would have been committed has another digest than the target's; null where an edit could not be done. */
  | { readonly outcome: 'digest'; readonly found: string | null }
  /** The file could not be written. */
  | { readonly outcome: 'store'; readonly error: TillcastError };

/** Says what the activity log shall hold of a commit; the lines are committed with it. */
export type DescribeChange = (change: CatalogChange) => readonly NewActivity[];

export interface TillStoreOptions {
  readonly path: string;
  readonly licenseKey: LicenseKey;
  /** A file could not be used and was renamed; the catalog begins empty. */
  readonly onSetAside: (setAside: SetAside) => void;
}

const NO_ITEMS: Readonly<Record<ItemKind, number>> = {
  category: 0,
  modifier: 0,
  product: 0,
  table: 0,
  user: 0,
};

/**
 * The till's own copy of its license's catalog, in one SQLite file.
 *
 * The rows, the cursor and the activity log change together or not at all, and only where the digest of all
 * rows is then the target's: the till never holds version v with other content than the server's v (P4).
 * Calls are synchronous; after a crash the file is at one of the versions that were committed.
 */
export class TillStore implements Disposable {
  readonly #options: TillStoreOptions;
  #catalog: OpenCatalog;
  #counts: Readonly<Record<ItemKind, number>>;
  #cursor: Cursor | null;
  #closed = false;
  #onLost: () => void = () => undefined;

  /** @throws TillcastError `data_in_use`, `database_unavailable` */
  constructor(options: TillStoreOptions) {
    this.#options = options;
    this.#catalog = openCatalog(options.path, options.licenseKey, options.onSetAside);
    this.#counts = this.#catalog.items.countByKind();
    this.#cursor = this.#catalog.meta.select()?.cursor ?? null;
  }

  /** Where the copy stands; null before the first snapshot. */
  get cursor(): Cursor | null {
    return this.#cursor;
  }

  get counts(): Readonly<Record<ItemKind, number>> {
    return this.#counts;
  }

  /** Calls back where the file turns out to be damaged while it is open: the copy is then empty, its cursor null. */
  whenLost(listener: () => void): void {
    this.#onLost = listener;
  }

  /** Commits a change's edits. */
  applyEdits(edits: readonly Edit[], target: Cursor, describe: DescribeChange): ApplyOutcome {
    return this.#commit(this.#cursor?.digest, target, describe, (sink) => {
      return edits.every((edit) => doEdit(sink, edit));
    });
  }

  /** Commits a delta's rows in order: where a row comes twice, the later one counts. */
  applyRows(rows: readonly Row[], target: Cursor, describe: DescribeChange): ApplyOutcome {
    return this.#commit(this.#cursor?.digest, target, describe, (sink) => {
      for (const row of rows) writeRow(sink, row);
      return true;
    });
  }

  /** Commits a snapshot's rows in the place of all that is there. */
  replaceAll(rows: readonly Row[], target: Cursor, describe: DescribeChange): ApplyOutcome {
    return this.#commit(undefined, target, describe, (sink) => {
      writeAll(sink, rows);
      return true;
    });
  }

  /** One kind's items as canonical JSON, by id. */
  bodies(kind: ItemKind): readonly string[] {
    return this.#guarded(({ items }) => items.selectBodies(kind));
  }

  /** Newest first. */
  activity(limit: number): readonly Activity[] {
    return this.#guarded(({ activity }) => activity.selectNewest(limit));
  }

  /** Keeps a line that tells of no commit. @throws TillcastError `database_unavailable` */
  addActivity(line: NewActivity): Activity {
    return this.#guarded(({ activity }) => activity.insert(line));
  }

  /** Keeps a broadcast, and its line in the log; null where it is there already. */
  addNotice(notice: Notice, line: NewActivity): Activity | null {
    return this.#guarded(({ db, notices, activity }) =>
      inTransaction(db, () => {
        const isNew = notices.insert(notice);
        return { commit: true, result: isNew ? activity.insert(line) : null };
      }),
    );
  }

  /** The notices that have not expired at a time (ISO 8601 with milliseconds, UTC), newest first. */
  notices(now: string): readonly Notice[] {
    return this.#guarded(({ notices: table }) => {
      table.deleteExpired(now);
      return table.select();
    });
  }

  close(): void {
    this.#closed = true;
    if (this.#catalog.db.isOpen) this.#catalog.db.close();
  }

  [Symbol.dispose](): void {
    this.close();
  }

  #commit(
    startDigest: string | undefined,
    target: Cursor,
    describe: DescribeChange,
    write: (sink: RowSink) => boolean,
  ): ApplyOutcome {
    const sink = { sum: new DigestSum(startDigest), tally: new ChangeTally() };
    try {
      this.#reopenIfClosed();
      const { db, items, meta, activity } = this.#catalog;
      const outcome = inTransaction(db, (): Decided<ApplyOutcome> => {
        const done = write({ ...sink, items });
        const found = done ? sink.sum.toString() : null;
        if (found !== target.digest) return { commit: false, result: { outcome: 'digest', found } };
        const change = sink.tally.change(this.#cursor, target);
        meta.updateCursor(target);
        const lines = describe(change).map((line) => activity.insert(line));
        return { commit: true, result: { outcome: 'applied', change, activity: lines } };
      });
      if (outcome.outcome === 'applied') {
        this.#counts = sink.tally.countsFrom(this.#counts);
        this.#cursor = target;
      }
      return outcome;
    } catch (error) {
      return { outcome: 'store', error: this.#failed(error) };
    }
  }

  #guarded<T>(work: (catalog: OpenCatalog) => T): T {
    try {
      this.#reopenIfClosed();
      return work(this.#catalog);
    } catch (error) {
      throw this.#failed(error);
    }
  }

  /** What an error means; where the file is damaged, another one is begun. */
  #failed(error: unknown): TillcastError {
    if (isDamaged(error)) this.#lose(error);
    return new TillcastError(
      'database_unavailable',
      `The till's catalog file ${this.#options.path} could not be used: ${messageOf(error)}. Check the disk's free space and its health.`,
      { cause: error },
    );
  }

  #lose(error: unknown): void {
    // What was set aside counts for nothing any more: a delta on top of it would be a delta on nothing.
    this.#cursor = null;
    this.#counts = NO_ITEMS;
    if (this.#catalog.db.isOpen) this.#catalog.db.close();
    this.#options.onSetAside({ reason: messageOf(error), renamedTo: setAside(this.#options.path) });
    this.#onLost();
  }

  /** After damage: the next call begins anew, and goes on trying where that fails too (a full disk, say). */
  #reopenIfClosed(): void {
    if (this.#catalog.db.isOpen || this.#closed) return;
    this.#catalog = openCatalog(this.#options.path, this.#options.licenseKey, this.#options.onSetAside);
    this.#takeOver();
  }

  #takeOver(): void {
    this.#counts = this.#catalog.items.countByKind();
    this.#cursor = this.#catalog.meta.select()?.cursor ?? null;
  }
}
