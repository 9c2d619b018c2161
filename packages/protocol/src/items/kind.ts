import { z } from 'zod';

/** The kinds of catalog items, in the order in which a catalog is read: a product refers to those before it. */
export const ITEM_KINDS = ['category', 'modifier', 'product', 'table', 'user'] as const;

export type ItemKind = (typeof ITEM_KINDS)[number];

export function isItemKind(value: unknown): value is ItemKind {
  return (ITEM_KINDS as readonly unknown[]).includes(value);
}

export const itemKindSchema: z.ZodEnum<{ [K in ItemKind]: K }> = z.enum(ITEM_KINDS);

/** Each kind's plural, as paths and lists of the sync API have it. */
export const PLURAL = {
  category: 'categories',
  modifier: 'modifiers',
  product: 'products',
  table: 'tables',
  user: 'users',
} as const;

export type ItemPlural = (typeof PLURAL)[ItemKind];
