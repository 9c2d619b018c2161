import type { Screen } from './place.ts';
import type { OpenOrder, OrderEdit, PaymentRequest, RefundLine, SaleRow, Session, Setup } from './shapes.ts';

/** A part of the list of sales. */
export interface SalesPage {
  readonly rows: readonly SaleRow[];
  /** Where the next, older part begins; null at the end. */
  readonly next: string | null;
}

export interface RefundRequest {
  readonly sale_id: string;
  readonly lines: readonly RefundLine[];
  readonly payments: readonly { readonly method: 'cash' | 'card' }[];
}

/** What the till's program keeps and does for selling. All reject with a `Refusal` where it says no. */
export interface CounterApi {
  setup(): Promise<Setup>;
  activate(fields: { key: string; code: string; name: string; server: string }): Promise<Setup>;
  session(): Promise<Session>;
  signIn(userId: string, pin: string): Promise<Session>;
  signOut(): Promise<Session>;
  orders(): Promise<readonly OpenOrder[]>;
  edit(orderId: string, revision: number, edit: OrderEdit): Promise<OpenOrder>;
  screen(): Promise<Screen>;
  keepScreen(screen: Screen): Promise<void>;
  sell(orderId: string, revision: number, payments: readonly PaymentRequest[]): Promise<SaleRow>;
  refund(request: RefundRequest): Promise<SaleRow>;
  sales(after: string | null): Promise<SalesPage>;
  sale(id: string): Promise<SaleRow>;
  retry(id: string): Promise<SaleRow>;
  exportSales(pin: string, passphrase: string): Promise<{ readonly file: string; readonly count: number }>;
}
