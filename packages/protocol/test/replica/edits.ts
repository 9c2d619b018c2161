import type { Edit } from '@tillcast/protocol/messages/edits';

export const put = (id: string, price: number): Edit => ({
  edit: 'write',
  row: { kind: 'product', id, body: JSON.stringify({ id, name: id, price, currency: 'GBP' }) },
});
export const remove = (id: string): Edit => ({ edit: 'write', row: { kind: 'product', id, body: null } });
export const price = (productId: string, to: number): Edit => ({
  edit: 'price',
  productId,
  price: to,
  currency: 'GBP',
});
