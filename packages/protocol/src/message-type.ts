/** The catalog changes and license changes that a routing key may name after its license. */
export const CHANGE_TYPES = [
  'price_update',
  'product_update',
  'product_delete',
  'category_update',
  'category_delete',
  'modifier_update',
  'modifier_delete',
  'table_update',
  'table_delete',
  'user_update',
  'user_delete',
  'catalog_update',
  'license_update',
] as const;

/** What a numbered change of one license is called on the wire. */
export type ChangeType = (typeof CHANGE_TYPES)[number];

/** What may be sent to every license at once. */
export const BROADCAST_TYPES = ['system_notice'] as const;

export type BroadcastType = (typeof BROADCAST_TYPES)[number];

export function isChangeType(value: unknown): value is ChangeType {
  return (CHANGE_TYPES as readonly unknown[]).includes(value);
}

export function isBroadcastType(value: unknown): value is BroadcastType {
  return (BROADCAST_TYPES as readonly unknown[]).includes(value);
}
