import { DigestSum, rowDigest } from '@tillcast/protocol/digest';
import { type ErrorDetail, TillcastError } from '@tillcast/protocol/errors';
import { type Row, withPrice } from '@tillcast/protocol/items/item';
import type { ItemKind } from '@tillcast/protocol/items/kind';
import { inOneGo, STEPS_AT_ONCE, type Steps } from './in-steps.ts';
import { checkPrice, MAX_DETAILS, type PreparedOperation, refused } from './prepare.ts';
import { pricedProduct } from './product-price.ts';

/** An item as it is, was, or will be: body and digest are null where it is deleted. */
export interface ItemRow extends Row {
  readonly digest: string | null;
}

/** An operation that was left out, and why. */
export interface Rejected {
  /** Its place in the list of operations. */
  readonly index: number;
  readonly detail: ErrorDetail;
}

/** What a commit will do. */
export interface CommitPlan {
  /** The rows that become different, each once. */
  readonly rows: readonly ItemRow[];
  /** Items that were named and are already so. */
  readonly unchanged: number;
  /** Of the whole catalog, afterwards. */
  readonly digest: string;
  /** Live items afterwards less those before. */
  readonly liveItemsAdded: number;
  readonly rejected: readonly Rejected[];
}

/** How a plan treats operations that the catalog does not allow. */
export interface PlanOptions {
  /** `fail`: the whole commit is refused. `skip`: they are left out and told of. */
  readonly bad: 'fail' | 'skip';
  /** Where operation `index` stands in what was sent. */
  readonly pointerOf: (index: number) => string;
}

/** Identity of an item within its license, as the key of a map. */
export function itemRef(kind: ItemKind, id: string): string {
  return `${kind}\0${id}`;
}

/**
 * Plays the operations in order over the rows as they are. Of several for one item, each sees what those
 * before it did; the item is written once, or not at all where it ends as it began.
 * @param stored the rows of all items that the operations name, by itemRef, as far as there are any
 * @param digest of the whole catalog before
 * @throws TillcastError `item_not_found` or `price_invalid` for a `set_price`, unless bad ones are skipped
 */
export function planCommit(
  stored: ReadonlyMap<string, ItemRow>,
  digest: string,
  operations: readonly PreparedOperation[],
  options: PlanOptions,
): CommitPlan {
  return inOneGo(planInSteps(stored, digest, operations, options));
}

/** The same in steps: a plan for 100,000 items takes half a second, in which nothing else would be done. */
export function* planInSteps(
  stored: ReadonlyMap<string, ItemRow>,
  digest: string,
  operations: readonly PreparedOperation[],
  options: PlanOptions,
): Steps<CommitPlan> {
  const after = new Map<string, ItemRow>();
  const rejected: Rejected[] = [];
  let firstFault: TillcastError | null = null;
  for (const [index, operation] of operations.entries()) {
    if (index % STEPS_AT_ONCE === STEPS_AT_ONCE - 1) yield;
    const ref = itemRef(operation.kind, operation.id);
    try {
      after.set(ref, done(operation, after.get(ref) ?? stored.get(ref), options.pointerOf(index)));
    } catch (error) {
      if (!(error instanceof TillcastError)) throw error;
      rejected.push({ index, detail: detailOf(error, options.pointerOf(index)) });
      firstFault ??= error;
    }
  }
  if (options.bad === 'fail' && firstFault !== null) {
    const details = rejected.slice(0, MAX_DETAILS).map(({ detail }) => detail);
    throw new TillcastError(firstFault.code, firstFault.message, { cause: firstFault, details });
  }
  return { ...(yield* compared(stored, after, digest)), rejected };
}

function* compared(
  stored: ReadonlyMap<string, ItemRow>,
  after: ReadonlyMap<string, ItemRow>,
  digest: string,
): Steps<Omit<CommitPlan, 'rejected'>> {
  const rows: ItemRow[] = [];
  const sum = new DigestSum(digest);
  let liveItemsAdded = 0;
  let steps = 0;
  for (const [ref, row] of after) {
    steps += 1;
    if (steps % STEPS_AT_ONCE === 0) yield;
    const old = stored.get(ref);
    if ((old?.body ?? null) === row.body) continue;
    rows.push(row);
    const oldDigest = old?.digest ?? null;
    if (oldDigest !== null) sum.subtract(oldDigest);
    if (row.digest !== null) sum.add(row.digest);
    liveItemsAdded += (row.digest === null ? 0 : 1) - (oldDigest === null ? 0 : 1);
  }
  return { rows, unchanged: after.size - rows.length, digest: sum.toString(), liveItemsAdded };
}

/** The item after the operation. */
function done(operation: PreparedOperation, current: ItemRow | undefined, pointer: string): ItemRow {
  const { kind, id } = operation;
  switch (operation.op) {
    case 'put':
      return { kind, id, body: operation.body, digest: operation.digest };
    case 'delete':
      return { kind, id, body: null, digest: null };
    case 'set_price': {
      const body = current?.body ?? null;
      if (body === null) {
        const detail = `there is no product ${JSON.stringify(id)} in this catalog`;
        throw refused('item_not_found', { pointer: `${pointer}/product_id`, detail });
      }
      const currency = operation.currency ?? pricedProduct(body).currency;
      checkPrice(operation.price, currency, pointer);
      const priced = withPrice(body, operation.price, currency);
      return { kind, id, body: priced, digest: rowDigest(kind, id, priced) };
    }
  }
}

function detailOf(error: TillcastError, pointer: string): ErrorDetail {
  return error.details[0] ?? { pointer, detail: error.message };
}
