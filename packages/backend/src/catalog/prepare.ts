import { rowDigest } from '@tillcast/protocol/digest';
import { asTillcastError, type ErrorDetail, TillcastError } from '@tillcast/protocol/errors';
import { rowOf } from '@tillcast/protocol/items/item';
import type { ItemKind } from '@tillcast/protocol/items/kind';
import { type Currency, isCurrency, toMinor } from '@tillcast/protocol/money';
import type { Operation } from '@tillcast/protocol/operation';

/** An operation that has been checked as far as that is possible without the catalog. */
export type PreparedOperation =
  | {
      readonly op: 'put';
      readonly kind: ItemKind;
      readonly id: string;
      /** Canonical JSON. */
      readonly body: string;
      readonly digest: string;
    }
  | { readonly op: 'delete'; readonly kind: ItemKind; readonly id: string }
  | {
      readonly op: 'set_price';
      readonly kind: 'product';
      readonly id: string;
      readonly price: number;
      /** Null: the one that the product has. */
      readonly currency: Currency | null;
    };

/** Details that an answer names; a wrong list may be wrong everywhere. */
export const MAX_DETAILS = 20;

/**
 * Checks one operation.
 * @param pointer of the operation, before those of its details
 * @throws TillcastError `item_invalid`, `price_invalid` or `currency_unknown`
 */
export function prepareOperation(operation: Operation, pointer = ''): PreparedOperation {
  switch (operation.op) {
    case 'put': {
      const { kind, id, body } = rowAt(operation.kind, operation.item, `${pointer}/item`);
      return { op: 'put', kind, id, body, digest: rowDigest(kind, id, body) };
    }
    case 'delete':
      return { op: 'delete', kind: operation.kind, id: operation.id };
    case 'set_price': {
      const { product_id: id, price, currency = null } = operation;
      if (currency !== null && !isCurrency(currency)) {
        const detail = `${JSON.stringify(currency.slice(0, 20))} is not an ISO 4217 code in use`;
        throw refused('currency_unknown', { pointer: `${pointer}/currency`, detail });
      }
      if (currency !== null) checkPrice(price, currency, pointer);
      return { op: 'set_price', kind: 'product', id, price, currency };
    }
  }
}

/**
 * Checks all operations before anything is begun.
 * @param pointerOf where operation `index` stands in what was sent
 * @throws TillcastError of the first bad one's code, with details of up to 20
 */
export function prepareOperations(
  operations: readonly Operation[],
  pointerOf: (index: number) => string = operationPointer,
): readonly PreparedOperation[] {
  const prepared: PreparedOperation[] = [];
  const failures: TillcastError[] = [];
  for (const [index, operation] of operations.entries()) {
    try {
      prepared.push(prepareOperation(operation, pointerOf(index)));
    } catch (error) {
      failures.push(asTillcastError(error));
      if (failures.length === MAX_DETAILS) break;
    }
  }
  const [first] = failures;
  if (first === undefined) return prepared;
  const details = failures.flatMap((failure) => failure.details).slice(0, MAX_DETAILS);
  throw new TillcastError(first.code, first.message, { cause: first, details });
}

/** Where an operation stands in a commit request. */
export function operationPointer(index: number): string {
  return `/operations/${index}`;
}

/** @throws TillcastError `price_invalid` at the operation's price */
export function checkPrice(price: number, currency: Currency, pointer: string): void {
  const at = `${pointer}/price`;
  if (!(price >= 0) || Object.is(price, -0)) {
    throw refused('price_invalid', { pointer: at, detail: 'must be a number that is not negative' });
  }
  try {
    toMinor(price, currency);
  } catch (error) {
    const { code, message } = asTillcastError(error);
    throw refused(code, { pointer: at, detail: message.replace(/\.$/, '') }, error);
  }
}

function rowAt(kind: ItemKind, item: unknown, pointer: string): ReturnType<typeof rowOf> {
  try {
    return rowOf(kind, item);
  } catch (error) {
    if (!(error instanceof TillcastError)) throw error;
    const details = error.details.map((each) => ({ ...each, pointer: pointer + each.pointer }));
    throw new TillcastError(error.code, messageOf(details), { cause: error, details });
  }
}

/** An error about one place of what was sent. */
export function refused(code: TillcastError['code'], detail: ErrorDetail, cause?: unknown): TillcastError {
  return new TillcastError(code, messageOf([detail]), { cause, details: [detail] });
}

function messageOf(details: readonly ErrorDetail[]): string {
  const [first] = details;
  return first === undefined
    ? 'An operation is not valid; nothing was changed.'
    : `${first.pointer}: ${first.detail}. Nothing was changed.`;
}
