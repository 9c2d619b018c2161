import type { WireItem } from '@tillcast/protocol/messages/payload';
import { isFields, numberOrNullIn, textOrNullIn } from '../server/reading.ts';
import { searchTextOf } from './search-text.ts';

/** A product as a tile and the detail show it. Its id is what merchants call the SKU. */
export interface TillProduct {
  readonly id: string;
  readonly name: string;
  /** Null when the catalog's row has none that can be read. */
  readonly price: number | null;
  readonly currency: string;
  readonly categoryId: string | null;
  readonly barcode: string | null;
  readonly taxPercent: number | null;
  readonly modifierIds: readonly string[];
  readonly available: boolean;
  readonly sortOrder: number;
  /** Name, SKU and barcode, folded for searching. */
  readonly searchText: string;
}

export interface TillCategory {
  readonly id: string;
  readonly name: string;
  /** `#RRGGBB` or null. */
  readonly color: string | null;
  readonly sortOrder: number;
}

export interface TillModifier {
  readonly id: string;
  readonly name: string;
  readonly currency: string;
  readonly minChoices: number;
  readonly maxChoices: number;
  readonly options: readonly TillOption[];
  readonly sortOrder: number;
}

export interface TillOption {
  readonly id: string;
  readonly name: string;
  readonly priceDelta: number;
}

/** Whether it can be rung up. */
export function isForSale({ available, price }: TillProduct): boolean {
  return available && price !== null;
}

/** A place where guests sit. */
export interface TillTable {
  readonly id: string;
  readonly name: string;
  readonly area: string | null;
  readonly seats: number;
  readonly sortOrder: number;
}

/** Somebody who may sign in. */
export interface TillUser {
  readonly id: string;
  readonly name: string;
  readonly role: 'cashier' | 'manager';
  readonly sortOrder: number;
}

// The till keeps rows of newer programs as they came; a field that is not as expected takes its default.

export function productOf(item: WireItem): TillProduct {
  const name = textOrNullIn(item, 'name') ?? item.id;
  const barcode = textOrNullIn(item, 'barcode');
  return {
    id: item.id,
    name,
    price: numberOrNullIn(item, 'price'),
    currency: textOrNullIn(item, 'currency') ?? '',
    categoryId: textOrNullIn(item, 'category_id'),
    barcode,
    taxPercent: numberOrNullIn(item, 'tax_percent'),
    modifierIds: textsOf(item['modifier_ids']),
    available: item['available'] !== false,
    sortOrder: numberOrNullIn(item, 'sort_order') ?? 0,
    searchText: searchTextOf(name, item.id, barcode),
  };
}

export function categoryOf(item: WireItem): TillCategory {
  const color = textOrNullIn(item, 'color');
  return {
    id: item.id,
    name: textOrNullIn(item, 'name') ?? item.id,
    color: color !== null && /^#[0-9A-Fa-f]{6}$/.test(color) ? color : null,
    sortOrder: numberOrNullIn(item, 'sort_order') ?? 0,
  };
}

export function modifierOf(item: WireItem): TillModifier {
  const options = item['options'];
  return {
    id: item.id,
    name: textOrNullIn(item, 'name') ?? item.id,
    currency: textOrNullIn(item, 'currency') ?? '',
    minChoices: numberOrNullIn(item, 'min_choices') ?? 0,
    maxChoices: numberOrNullIn(item, 'max_choices') ?? 1,
    options: Array.isArray(options) ? options.flatMap(optionOf) : [],
    sortOrder: numberOrNullIn(item, 'sort_order') ?? 0,
  };
}

export function tableOf(item: WireItem): TillTable {
  return {
    id: item.id,
    name: textOrNullIn(item, 'name') ?? item.id,
    area: textOrNullIn(item, 'area'),
    seats: numberOrNullIn(item, 'seats') ?? 2,
    sortOrder: numberOrNullIn(item, 'sort_order') ?? 0,
  };
}

/** Null for who is not active. */
export function userOf(item: WireItem): TillUser | null {
  if (item['active'] === false) return null;
  return {
    id: item.id,
    name: textOrNullIn(item, 'name') ?? item.id,
    role: item['role'] === 'manager' ? 'manager' : 'cashier',
    sortOrder: 0,
  };
}

function optionOf(value: unknown): readonly TillOption[] {
  if (!isFields(value)) return [];
  const id = textOrNullIn(value, 'id');
  if (id === null) return [];
  const name = textOrNullIn(value, 'name') ?? id;
  return [{ id, name, priceDelta: numberOrNullIn(value, 'price_delta') ?? 0 }];
}

function textsOf(value: unknown): readonly string[] {
  return Array.isArray(value) ? value.filter((entry) => typeof entry === 'string') : [];
}
