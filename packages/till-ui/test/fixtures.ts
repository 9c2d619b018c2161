import type { Activity, Notice } from '@tillcast/protocol/http/terminal-api';
import { productOf, type TillProduct } from '../src/catalog/items.ts';
import type { TillState } from '../src/server/answers.ts';

export function terminalState(over: Partial<TillState> = {}): TillState {
  return {
    license_key: 'EXTRO-LIFE-ABC123',
    terminal_id: '0192f0c1-0000-7000-8000-000000000001',
    terminal_name: 'Counter 1',
    status: 'live',
    reason: '',
    behind: 0,
    epoch: 'e1',
    version: 1284,
    digest: '9f3a04c177be20d5',
    last_proof_at: '2026-03-01T12:00:00.000Z',
    next_retry_at: null,
    reason_code: null,
    broker_attached: true,
    unsent_sales: 0,
    rejected_sales: 0,
    items: { category: 1, modifier: 0, product: 1, table: 0, user: 0 },
    notices: [],
    loading: null,
    clock_ahead_s: null,
    ...over,
  };
}

export function activity(over: Partial<Activity> = {}): Activity {
  return {
    id: 1,
    type: 'price_update',
    version: 1284,
    summary: 'Flat white 3.40 → 3.60 GBP',
    kind: 'product',
    item_id: 'FW',
    old_price: 3.4,
    new_price: 3.6,
    currency: 'GBP',
    committed_at: '2026-03-01T12:00:00.000Z',
    received_at: '2026-03-01T12:00:00.030Z',
    applied_at: '2026-03-01T12:00:00.048Z',
    ...over,
  };
}

export function notice(over: Partial<Notice> = {}): Notice {
  return {
    id: 'n1',
    message: 'Maintenance tonight',
    severity: 'info',
    sent_at: '2026-03-01T12:00:00.000Z',
    expires_at: '2026-03-02T12:00:00.000Z',
    ...over,
  };
}

export function product(id: string, over: Readonly<Record<string, unknown>> = {}): TillProduct {
  return productOf({ id, name: id, price: 1, currency: 'GBP', ...over });
}

export function productsById(...products: readonly TillProduct[]): ReadonlyMap<string, TillProduct> {
  return new Map(products.map((each) => [each.id, each] as const));
}
