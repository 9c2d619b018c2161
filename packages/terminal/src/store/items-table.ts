import type { DatabaseSync, StatementSync } from 'node:sqlite';
import type { LiveRow } from '@tillcast/protocol/items/item';
import { type ItemKind, isItemKind } from '@tillcast/protocol/items/kind';
import { DamagedFileError, number, text } from './column.ts';

/** An item as it is stored. */
export interface StoredItem {
  readonly rowid: number;
  readonly body: string;
  readonly digest: string;
}

/** The catalog's rows. */
export class ItemsTable {
  readonly #find: StatementSync;
  readonly #insert: StatementSync;
  readonly #update: StatementSync;
  readonly #delete: StatementSync;
  readonly #deleteAll: StatementSync;
  readonly #selectBodies: StatementSync;
  readonly #selectAll: StatementSync;
  readonly #count: StatementSync;

  constructor(db: DatabaseSync) {
    this.#find = db.prepare('select rowid, body, digest from items where kind = ? and id = ?');
    this.#insert = db.prepare('insert into items (kind, id, body, digest) values (?, ?, ?, ?)');
    this.#update = db.prepare('update items set body = ?, digest = ? where rowid = ?');
    this.#delete = db.prepare('delete from items where rowid = ?');
    this.#deleteAll = db.prepare('delete from items');
    this.#selectBodies = db.prepare('select body from items where kind = ? order by id');
    this.#selectAll = db.prepare('select kind, id, body, digest from items');
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

  /** One kind's items' bodies by id. */
  selectBodies(kind: ItemKind): readonly string[] {
    return this.#selectBodies.all(kind).map((row) => text(row, 'body'));
  }

  *iterateAll(): Generator<LiveRow & { readonly digest: string }> {
    for (const row of this.#selectAll.iterate()) {
      const kind = text(row, 'kind');
      if (!isItemKind(kind))
        throw new DamagedFileError(`The till's catalog file holds an item of kind ${kind}.`);
      yield { kind, id: text(row, 'id'), body: text(row, 'body'), digest: text(row, 'digest') };
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
