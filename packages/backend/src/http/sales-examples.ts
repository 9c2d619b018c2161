import type { SalesAnswer, SalesDay, SalesUpload } from '@tillcast/protocol/http/sales-api';

/** What the documentation shows of sales on their way up. */
export const SALES_UPLOAD_EXAMPLE: SalesUpload = {
  sales: [
    {
      id: '7Q2M4XK9-1284',
      kind: 'sale',
      receipt_number: '1284',
      sold_at: '2026-11-23T14:03:22.118Z',
      currency: 'GBP',
      staff_id: 'mia',
      staff_name: 'Mia',
      table_id: null,
      lines: [
        {
          product_id: 'PROD-001',
          name: 'Cappuccino',
          quantity: 2,
          unit_price: 3.2,
          modifiers: [{ modifier_id: 'MILK', option_id: 'OAT', name: 'Oat', price_delta: 0.4 }],
          note: null,
          discount: 0,
          tax_percent: 20,
          tax: 1.2,
          total: 7.2,
          price_read_at: { epoch: 'k3v9q8r2m4n6p1s7', version: 42 },
          refunded_line: null,
        },
      ],
      discount: 0,
      tax: 1.2,
      total: 7.2,
      payments: [{ method: 'cash', amount: 7.2, tendered: 10, change: 2.8 }],
      refund_of: null,
    },
  ],
};

export const SALES_ANSWER_EXAMPLE: SalesAnswer = {
  epoch: 'k3v9q8r2m4n6p1s7',
  results: [
    { id: '7Q2M4XK9-1284', outcome: 'accepted' },
    {
      id: '7Q2M4XK9-1285',
      outcome: 'rejected',
      code: 'sale_invalid',
      detail: '/total must be the lines’ total together',
    },
  ],
};

export const SALES_DAYS_EXAMPLE: { readonly days: readonly SalesDay[] } = {
  days: [
    { day: '2026-11-23', currency: 'GBP', sales: 212, refunds: 3, sold: 1841.4, refunded: 17.2, tax: 304.03 },
  ],
};
