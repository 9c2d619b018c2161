import type { Cursor } from '@tillcast/protocol/cursor';
import { DigestSum, rowDigest } from '@tillcast/protocol/digest';
import { TillcastError } from '@tillcast/protocol/errors';
import type { NumberedRow } from '@tillcast/protocol/http/repair-api';
import type { Activity, Notice } from '@tillcast/protocol/http/terminal-api';
import type { Row } from '@tillcast/protocol/items/item';
import type { ItemKind } from '@tillcast/protocol/items/kind';
import type { LicenseKey } from '@tillcast/protocol/license-key';
import type { Edit } from '@tillcast/protocol/messages/edits';
import type { NewActivity } from './activity-table.ts';
import { type CatalogChange, ChangeTally } from './change-tally.ts';
import { keyOfRow, type OpenCatalog, openCatalog, type SetAside, setAside } from './open-catalog.ts';
import { isDamaged, messageOf } from './sqlite-error.ts';
import { type Decided, inTransaction } from './transaction.ts';
import { doEdit, type RowSink, renumberAll, writeAll, writeRow } from './write-rows.ts';

/** What became of a commit. Only `applied` changed anything. */
export type ApplyOutcome =
  | { readonly outcome: 'applied'; readonly change: CatalogChange; readonly activity: readonly Activity[] }
  /** What would have been committed has another digest than the target's; null where an edit could not be done. */
  | { readonly outcome: 'digest'; readonly found: string | null }
  /** The file could not be written. */
  | { readonly outcome: 'store'; readonly error: TillcastError };

/** A row, numbered from its text. */
export interface ScannedRow extends NumberedRow {
  /** Whether that is the number that was noted when it was written. */
  readonly isAsWritten: boolean;
}

/** Says what the activity log shall hold of a commit; the lines are committed with it. */
export type DescribeChange = (change: CatalogChange) => readonly NewActivity[];

export interface TillStoreOptions {
  readonly path: string;
  readonly licenseKey: LicenseKey;
  /** A file could not be used and was renamed; the catalog begins empty. */
  readonly onSetAside: (setAside: SetAside) => void;
  /** How much of the file SQLite keeps in memory at most; left out: 2,000 KiB. */
  readonly cacheKiB?: number;
}

/** Whether a commit relies on what is there, or ends all doubt about it. */
type Trust = 'builds on' | 'cures';
const BUILDS_ON: Trust = 'builds on';
const CURES: Trust = 'cures';

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
  #generation = 0;
  #isSuspect: boolean;
  #wrong: ReadonlySet<string>;
  #closed = false;
  #onLost: () => void = () => undefined;

  /** @throws TillcastError `data_in_use`, `database_unavailable` */
  constructor(options: TillStoreOptions) {
    this.#options = options;
    this.#catalog = openFor(options);
    this.#counts = this.#catalog.items.countByKind();
    this.#cursor = this.#catalog.meta.select()?.cursor ?? null;
    this.#isSuspect = this.#catalog.doubt.isSuspect;
    this.#wrong = this.#catalog.doubt.wrong;
  }

  /** Whether the rows were found not to be those of the cursor, when the file was opened or since. */
  get isSuspect(): boolean {
    return this.#isSuspect;
  }

  /** Another number after each commit: what was read between two equal ones is of one content. */
  get generation(): number {
    return this.#generation;
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
    return this.#commit(this.#cursor?.digest, target, describe, BUILDS_ON, (sink) => {
      return edits.every((edit) => doEdit(sink, edit)) ? sink.sum.toString() : null;
    });
  }

  /** Commits a delta's rows in order: where a row comes twice, the later one counts. */
  applyRows(rows: readonly Row[], target: Cursor, describe: DescribeChange): ApplyOutcome {
    return this.#commit(this.#cursor?.digest, target, describe, BUILDS_ON, (sink) => {
      for (const row of rows) writeRow(sink, row);
      return sink.sum.toString();
    });
  }

  /**
   * Commits the rows of a repair: null bodies for those that should not be there. What is compared with the target
   * is the digest of all texts as they then are, so nothing that was noted with a row is relied on.
   */
  applyRepair(rows: readonly Row[], target: Cursor, describe: DescribeChange): ApplyOutcome {
    return this.#commit(this.#cursor?.digest, target, describe, CURES, (sink) => {
      for (const row of rows) writeRow(sink, row);
      return renumberAll(sink.items);
    });
  }

  /** Commits a snapshot's rows in the place of all that is there. */
  replaceAll(rows: readonly Row[], target: Cursor, describe: DescribeChange): ApplyOutcome {
    return this.#commit(undefined, target, describe, CURES, (sink) => {
      writeAll(sink, rows);
      return sink.sum.toString();
    });
  }

  /**
   * At most `limit` rows after a rowid, numbered from their texts as they lie on the disk; `next` is where to go on,
   * null at the end. Rows that are not as they were written are shown no more until they are mended.
   * @throws TillcastError `database_unavailable`
   */
  numberedSlice(
    after: number,
    limit: number,
  ): { readonly rows: readonly ScannedRow[]; readonly next: number | null } {
    const slice = this.#guarded(({ items }) => items.selectSlice(after, limit));
    const rows = slice.map(({ kind, id, body, digest: written }) => {
      const digest = rowDigest(kind, id, body);
      return { kind, id, digest, isAsWritten: digest === written };
    });
    const wrong = rows.filter(({ isAsWritten }) => !isAsWritten);
    if (wrong.length > 0) this.#distrust(wrong);
    return { rows, next: slice.length < limit ? null : (slice.at(-1)?.rowid ?? null) };
  }

  /** Lets go of what is kept in memory of the file, so that the next reads are of the file itself. */
  dropCachedPages(): void {
    this.#guarded(({ db }) => db.exec('pragma shrink_memory'));
  }

  /** The rows are not those of the cursor; so it stays until a repair or a snapshot was committed. */
  suspect(): void {
    this.#isSuspect = true;
  }

  /** One kind's items as canonical JSON, by id, without those that are known to be not as they were written. */
  bodies(kind: ItemKind): readonly string[] {
    return this.#guarded(({ items }) =>
      items.selectBodies(kind, (id) => this.#wrong.size === 0 || !this.#wrong.has(keyOfRow(kind, id))),
    );
  }

  /** One item as canonical JSON; null where there is none, or it is known to be not as it was written. */
  body(kind: ItemKind, id: string): string | null {
    return this.#guarded(({ items }) =>
      this.#wrong.has(keyOfRow(kind, id)) ? null : (items.find(kind, id)?.body ?? null),
    );
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
    return this.#guarded(({ notices: table }) => table.select(now));
  }

  /** The ids of the notices that were kept and not forgotten, at most so many. */
  noticeIds(limit: number): readonly string[] {
    return this.#guarded(({ notices: table }) => table.selectIds(limit));
  }

  /** Forgets the notices that expired before a time (as above): one that came again would be shown again. */
  forgetNotices(before: string): void {
    this.#guarded(({ notices: table }) => table.deleteExpired(before));
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
    trust: Trust,
    write: (sink: RowSink) => string | null,
  ): ApplyOutcome {
    const sink = { sum: new DigestSum(startDigest), tally: new ChangeTally() };
    let counts = this.#counts;
    try {
      this.#reopenIfClosed();
      const { db, items, meta, activity } = this.#catalog;
      const outcome = inTransaction(db, (): Decided<ApplyOutcome> => {
        const found = write({ ...sink, items });
        if (found !== target.digest) return { commit: false, result: { outcome: 'digest', found } };
        const change = sink.tally.change(this.#cursor, target);
        meta.updateCursor(target);
        const lines = describe(change).map((line) => activity.insert(line));
        // Rows may have been there or missing that nobody had counted.
        counts = trust === CURES ? items.countByKind() : sink.tally.countsFrom(this.#counts);
        return { commit: true, result: { outcome: 'applied', change, activity: lines } };
      });
      if (outcome.outcome === 'applied') {
        this.#counts = counts;
        this.#cursor = target;
        this.#generation += 1;
        if (trust === CURES) {
          this.#isSuspect = false;
          this.#wrong = new Set();
        }
      }
      return outcome;
    } catch (error) {
      return { outcome: 'store', error: this.#failed(error) };
    }
  }

  #distrust(rows: readonly ScannedRow[]): void {
    this.#isSuspect = true;
    this.#wrong = new Set([...this.#wrong, ...rows.map(({ kind, id }) => keyOfRow(kind, id))]);
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
    this.#generation += 1;
    this.#isSuspect = false;
    this.#wrong = new Set();
    if (this.#catalog.db.isOpen) this.#catalog.db.close();
    this.#options.onSetAside({ reason: messageOf(error), renamedTo: setAside(this.#options.path) });
    this.#onLost();
  }

  /** After damage: the next call begins anew, and goes on trying where that fails too (a full disk, say). */
  #reopenIfClosed(): void {
    if (this.#catalog.db.isOpen || this.#closed) return;
    this.#catalog = openFor(this.#options);
    this.#takeOver();
  }

  #takeOver(): void {
    this.#generation += 1;
    this.#isSuspect = this.#catalog.doubt.isSuspect;
    this.#wrong = this.#catalog.doubt.wrong;
    this.#counts = this.#catalog.items.countByKind();
    this.#cursor = this.#catalog.meta.select()?.cursor ?? null;
  }
}

function openFor({ path, licenseKey, onSetAside, cacheKiB }: TillStoreOptions): OpenCatalog {
  const catalog = openCatalog(path, licenseKey, onSetAside);
  if (cacheKiB !== undefined) catalog.db.exec(`pragma cache_size = -${cacheKiB}`);
  return catalog;
}
