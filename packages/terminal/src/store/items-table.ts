import type { DatabaseSync, StatementSync } from 'node:sqlite';
import type { LiveRow } from '@tillcast/protocol/items/item';
import { type ItemKind, isItemKind } from '@tillcast/protocol/items/kind';
import { DamagedFileError, number, text } from './column.ts';

const SLICE_ROWS = 1_000;

/** An item as it is stored. */
export interface StoredItem {
  readonly rowid: number;
  readonly body: string;
  readonly digest: string;
}

/** A row with all that is stored of it. */
export type WholeRow = LiveRow & StoredItem;

/** The catalog's rows. */
export class ItemsTable {
  readonly #find: StatementSync;
  readonly #insert: StatementSync;
  readonly #update: StatementSync;
  readonly #delete: StatementSync;
  readonly #deleteAll: StatementSync;
  readonly #updateDigest: StatementSync;
  readonly #selectBodies: StatementSync;
  readonly #selectSlice: StatementSync;
  readonly #count: StatementSync;

  constructor(db: DatabaseSync) {
    this.#find = db.prepare('select rowid, body, digest from items where kind = ? and id = ?');
    this.#insert = db.prepare('insert into items (kind, id, body, digest) values (?, ?, ?, ?)');
    this.#update = db.prepare('update items set body = ?, digest = ? where rowid = ?');
    this.#delete = db.prepare('delete from items where rowid = ?');
    this.#deleteAll = db.prepare('delete from items');
    this.#updateDigest = db.prepare('update items set digest = ? where rowid = ?');
    this.#selectBodies = db.prepare('select id, body from items where kind = ? order by id');
    this.#selectSlice = db.prepare(
      'select rowid, kind, id, body, digest from items where rowid > ? order by rowid limit ?',
    );
    this.#count = db.prepare('select kind, count(*) as n from items group by kind');
  }

  find(kind: ItemKind, id: string): StoredItem | null {
    const row = this.#find.get(kind, id);
    if (row === undefined) return null;
    return { rowid: number(row, 'rowid'), body: text(row, 'body'), digest: text(row, 'digest') };
  }

  /** @throws where the row is there already */
  insert({ kind, id, body }: LiveRow, digest: string): void {
    this.#insert.run(kind, id, body, digest);
  }

  update(rowid: number, body: string, digest: string): void {
    this.#update.run(body, digest, rowid);
  }

  delete(rowid: number): void {
    this.#delete.run(rowid);
  }

  deleteAll(): void {
    this.#deleteAll.run();
  }

  updateDigest(rowid: number, digest: string): void {
    this.#updateDigest.run(digest, rowid);
  }

  /** One kind's items' bodies by id, without those that are not to be shown. */
  selectBodies(kind: ItemKind, isShown: (id: string) => boolean): readonly string[] {
    return this.#selectBodies
      .all(kind)
      .filter((row) => isShown(text(row, 'id')))
      .map((row) => text(row, 'body'));
  }

  /** At most `limit` rows after a rowid, in order of it. */
  selectSlice(after: number, limit: number): readonly WholeRow[] {
    return this.#selectSlice.all(after, limit).map((row) => {
      const kind = text(row, 'kind');
      if (!isItemKind(kind))
        throw new DamagedFileError(`The till's catalog file holds an item of kind ${kind}.`);
      const [id, body, digest] = [text(row, 'id'), text(row, 'body'), text(row, 'digest')];
      return { rowid: number(row, 'rowid'), kind, id, body, digest };
    });
  }

  *iterateAll(): Generator<WholeRow> {
    for (let after: number | null = 0; after !== null; ) {
      const slice = this.selectSlice(after, SLICE_ROWS);
      yield* slice;
      after = slice.length < SLICE_ROWS ? null : (slice.at(-1)?.rowid ?? null);
    }
  }

  countByKind(): Record<ItemKind, number> {
    const counts: Record<ItemKind, number> = { category: 0, modifier: 0, product: 0, table: 0, user: 0 };
    for (const row of this.#count.all()) {
      const kind = text(row, 'kind');
      if (isItemKind(kind)) counts[kind] = number(row, 'n');
    }
    return counts;
  }
}
