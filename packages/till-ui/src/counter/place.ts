import { type Fields, isFields, textOrNullIn } from '../server/reading.ts';

/** Where on the page the cashier is. */
export type Place =
  | { readonly is: 'selling' }
  | OptionsPlace
  | { readonly is: 'pay' }
  | { readonly is: 'tables' }
  | { readonly is: 'sales' }
  | { readonly is: 'receipt'; readonly saleId: string; readonly print?: boolean };

/** The options of a product. */
export interface OptionsPlace {
  readonly is: 'options';
  readonly productId: string;
  /** The line that they are of; null while it lacks a choice and is not in the order. */
  readonly lineId: string | null;
  /** Whether they are for one more of it, and not for all that the line has of it. */
  readonly one: boolean;
}

export const SELLING: Place = { is: 'selling' };

/** What the till keeps of the screen, so that it comes back after a power cut. The browser holds nothing. */
export interface Screen {
  readonly orderId: string | null;
  readonly place: Place;
  /** The sale whose change is still shown. */
  readonly paidId: string | null;
  /** The chosen shelf of products, by its key; null where none was chosen. */
  readonly shelf: string | null;
  /** Null where none was chosen here: the browser's. */
  readonly language: string | null;
}

export const EMPTY_SCREEN: Screen = {
  orderId: null,
  place: SELLING,
  paidId: null,
  shelf: null,
  language: null,
};

/** A screen as the till kept it; what cannot be read, as from another version of this page, is left out. */
export function readScreen(value: unknown): Screen {
  if (!isFields(value)) return EMPTY_SCREEN;
  return {
    orderId: textOrNullIn(value, 'orderId'),
    place: isFields(value['place']) ? readPlace(value['place']) : SELLING,
    paidId: textOrNullIn(value, 'paidId'),
    shelf: textOrNullIn(value, 'shelf'),
    language: textOrNullIn(value, 'language'),
  };
}

function readPlace(fields: Fields): Place {
  const saleId = textOrNullIn(fields, 'saleId');
  const productId = textOrNullIn(fields, 'productId');
  switch (fields['is']) {
    case 'pay':
    case 'tables':
    case 'sales':
      return { is: fields['is'] };
    case 'receipt':
      return saleId === null ? SELLING : { is: 'receipt', saleId };
    case 'options':
      return productId === null
        ? SELLING
        : {
            is: 'options',
            productId,
            lineId: textOrNullIn(fields, 'lineId'),
            one: fields['one'] === true,
          };
    default:
      return SELLING;
  }
}
