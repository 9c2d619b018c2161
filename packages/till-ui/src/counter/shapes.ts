import type { Order as WireOrder, OrderLine as WireOrderLine } from '@tillcast/protocol/sales/order';
import type { Sale as WireSale, SaleLine as WireSaleLine } from '@tillcast/protocol/sales/sale';

export type { PaymentRequest } from '@tillcast/protocol/sales/checkout';
export type { Discount } from '@tillcast/protocol/sales/order';
export type { Choice, OrderEdit } from '@tillcast/protocol/sales/order-edits';
export type { RefundLine } from '@tillcast/protocol/sales/refund';
export type { LineModifier, SalePayment } from '@tillcast/protocol/sales/sale';

// What the page shows of the protocol's shapes: the same fields, without those that only the till and the server need.

export type OrderLine = Omit<WireOrderLine, 'price_read_at' | 'tax_percent'>;

export interface Totals {
  readonly lines: readonly { readonly line_id: string; readonly unit: number; readonly total: number }[];
  readonly discount: number;
  readonly tax: number;
  readonly total: number;
}

/** An order as it is shown: what is in it, and what it comes to. */
export interface OpenOrder
  extends Pick<WireOrder, 'id' | 'revision' | 'table_id' | 'discount' | 'opened_at'> {
  readonly lines: readonly OrderLine[];
  /** Null while it has no lines. */
  readonly currency: string | null;
  readonly totals: Totals;
}

export type SaleLine = Omit<WireSaleLine, 'price_read_at'>;

export interface Sale extends Omit<WireSale, 'id' | 'refund_of' | 'currency' | 'staff_id' | 'lines'> {
  readonly id: string;
  readonly currency: string;
  readonly lines: readonly SaleLine[];
  readonly refund_of: string | null;
}

export type SaleState = 'saved' | 'sending' | 'accepted' | 'rejected';

export interface SaleRow {
  readonly sale: Sale;
  readonly state: SaleState;
  readonly code: string | null;
  readonly detail: string | null;
}

export interface Staff {
  readonly id: string;
  readonly name: string;
  readonly role: 'cashier' | 'manager';
}

export interface Session {
  readonly csrf: string;
  readonly staff: Staff | null;
  readonly staff_required: boolean;
}

export interface Setup {
  readonly state: 'needed' | 'loading' | 'done';
  /** The server that is offered; null when none is known. */
  readonly server: string | null;
}
