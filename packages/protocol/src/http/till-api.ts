import { z } from 'zod';
import { itemIdSchema, nameSchema } from '../items/fields.ts';
import { type PaymentRequest, paymentRequestsSchema } from '../sales/checkout.ts';
import type { Order } from '../sales/order.ts';
import { type OrderEdit, orderEditSchema } from '../sales/order-edits.ts';
import type { Sale } from '../sales/sale.ts';
import { type SaleId, saleIdSchema } from '../sales/sale-id.ts';

/** In each request that changes something: what `GET /api/session` gave. */
export const CSRF_HEADER = 'x-tillcast-csrf';

/** Who is signed in. */
export interface Staff {
  readonly id: string;
  readonly name: string;
  readonly role: 'cashier' | 'manager';
}

/** `GET /api/session`, and the answer to signing in and out. */
export interface TillSession {
  /** Goes with each request that changes something, in {@link CSRF_HEADER}. */
  readonly csrf: string;
  readonly staff: Staff | null;
  /** Whether somebody has to be signed in to sell: there is staff with a PIN. */
  readonly staff_required: boolean;
}

/** `POST /api/session/sign-in`. Without a user the PIN says who it is. */
export interface SignIn {
  readonly user_id?: string | undefined;
  readonly pin: string;
}

const pinSchema = z.string().regex(/^\d{3,12}$/, 'must be 3 to 12 digits');

export const signInSchema: z.ZodType<SignIn, unknown> = z.strictObject({
  user_id: itemIdSchema.optional(),
  pin: pinSchema,
});

/** What an order comes to: decimal amounts. */
export interface OrderTotals {
  /** A line's total is before its share of what is taken off the order. */
  readonly lines: readonly { readonly line_id: string; readonly unit: number; readonly total: number }[];
  /** Taken off the order as a whole. */
  readonly discount: number;
  readonly tax: number;
  readonly total: number;
}

/** `PUT /api/orders/:id` answers so, and `GET /api/orders` with a list of it. */
export interface OrderAnswer {
  readonly order: Order;
  readonly totals: OrderTotals;
}

/** `GET /api/orders`: those that are open. */
export interface OrdersAnswer {
  readonly orders: readonly OrderAnswer[];
}

/** `PUT /api/orders/:id`: an order that is not there yet begins with revision 0. */
export interface OrderEditRequest {
  readonly revision: number;
  readonly edit: OrderEdit;
}

export const orderEditRequestSchema: z.ZodType<OrderEditRequest, unknown> = z.strictObject({
  revision: z.int().min(0),
  edit: orderEditSchema,
});

/** `POST /api/sales` */
export interface SellRequest {
  readonly order_id: string;
  readonly revision: number;
  readonly payments: readonly PaymentRequest[];
}

export const sellRequestSchema: z.ZodType<SellRequest, unknown> = z.strictObject({
  order_id: z.uuid(),
  revision: z.int().min(0),
  payments: paymentRequestsSchema,
});

/** `POST /api/refunds`: the till works out what is paid back, all of it in one way. */
export interface RefundRequest {
  readonly sale_id: SaleId;
  readonly lines: readonly { readonly index: number; readonly quantity: number }[];
  readonly payments: readonly { readonly method: 'cash' | 'card' }[];
}

export const refundRequestSchema: z.ZodType<RefundRequest, unknown> = z.strictObject({
  sale_id: saleIdSchema,
  lines: z
    .array(z.strictObject({ index: z.int().min(0), quantity: z.int().min(1) }))
    .min(1)
    .max(500),
  payments: z.array(z.strictObject({ method: z.enum(['cash', 'card']) })).length(1),
});

/** A sale, and where it stands on its way to the server. */
export interface SaleAnswer {
  readonly sale: Sale;
  readonly state: 'saved' | 'sending' | 'accepted' | 'rejected';
  /** Why it was rejected. */
  readonly code: string | null;
  readonly detail: string | null;
}

/** `GET /api/sales?limit&after`: newest first. */
export interface SalesListAnswer {
  readonly sales: readonly SaleAnswer[];
  /** What to ask for the next, older ones with; null at the end. */
  readonly next: string | null;
}

/** `POST /api/sales/export`: a manager's PIN, and the words that open the file. */
export interface ExportRequest {
  readonly pin: string;
  readonly passphrase: string;
}

export const exportRequestSchema: z.ZodType<ExportRequest, unknown> = z.strictObject({
  pin: pinSchema,
  passphrase: z.string().min(12, 'must have 12 characters at least').max(200),
});

/** Where the export is, and how many sales are in it. */
export interface ExportAnswer {
  readonly file: string;
  readonly count: number;
}

/** `GET /api/setup` */
export interface SetupAnswer {
  /** `needed`: this till is not activated; `loading`: its first catalog is not here yet; `done`. */
  readonly state: 'needed' | 'loading' | 'done';
  /** The server that it has, or is offered. */
  readonly backend_url: string | null;
}

/** `POST /api/setup/activate` */
export interface SetupRequest {
  readonly license_key: string;
  readonly activation_code: string;
  readonly name: string;
  readonly backend_url: string;
}

export const setupRequestSchema: z.ZodType<SetupRequest, unknown> = z.strictObject({
  license_key: z.string().min(1).max(64),
  activation_code: z.string().min(1).max(100),
  name: nameSchema.max(60),
  backend_url: z.url({ protocol: /^https?$/ }),
});

/** What a page says of itself, for the till to keep; any JSON object, `null` for nothing. */
export const screenSchema: z.ZodType<{ readonly screen: Readonly<Record<string, unknown>> | null }, unknown> =
  z.strictObject({ screen: z.record(z.string().max(64), z.unknown()).nullable() });
