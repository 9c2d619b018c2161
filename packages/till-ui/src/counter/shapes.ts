import type {
  OrderTotals,
  RefundRequest,
  SaleAnswer,
  SetupAnswer,
  TillSession,
} from '@tillcast/protocol/http/till-api';
import type { Order as WireOrder, OrderLine as WireOrderLine } from '@tillcast/protocol/sales/order';
import type { Sale as WireSale, SaleLine as WireSaleLine } from '@tillcast/protocol/sales/sale';

export type { PaymentRequest } from '@tillcast/protocol/sales/checkout';
export type { Discount } from '@tillcast/protocol/sales/order';
export type { Choice, OrderEdit } from '@tillcast/protocol/sales/order-edits';
export type { LineModifier, SalePayment } from '@tillcast/protocol/sales/sale';

// What the page shows of the protocol's shapes: the same fields, without those that only the till and the server need.

export type OrderLine = Omit<WireOrderLine, 'price_read_at' | 'tax_percent'>;

/** An order as it is shown: what is in it, and what it comes to. */
export interface OpenOrder
  extends Pick<WireOrder, 'id' | 'revision' | 'table_id' | 'discount' | 'opened_at'> {
  readonly lines: readonly OrderLine[];
  /** Null while it has no lines. */
  readonly currency: string | null;
  readonly totals: OrderTotals;
}

export type SaleLine = Omit<WireSaleLine, 'price_read_at'>;

export interface Sale extends Omit<WireSale, 'id' | 'refund_of' | 'currency' | 'staff_id' | 'lines'> {
  readonly id: string;
  readonly currency: string;
  readonly lines: readonly SaleLine[];
  readonly refund_of: string | null;
}

export interface SaleRow extends Omit<SaleAnswer, 'sale'> {
  readonly sale: Sale;
}

export type SaleState = SaleRow['state'];
export type RefundLine = RefundRequest['lines'][number];
export type Session = TillSession;

export interface Setup {
  readonly state: SetupAnswer['state'];
  /** The server that the till has, or is offered; null when none is known. */
  readonly server: string | null;
}
