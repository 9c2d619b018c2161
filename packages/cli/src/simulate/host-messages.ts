import { isErrorCode } from '@tillcast/protocol/errors';
import { type LicenseKey, licenseKeySchema } from '@tillcast/protocol/license-key';
import { type Currency, currencySchema } from '@tillcast/protocol/money';
import type { BasketLine } from '@tillcast/terminal';
import { z } from 'zod';

/** One till of a process. */
export interface HostedTillPlan {
  /** Its number among all tills, from 0. */
  readonly place: number;
  readonly name: string;
  readonly licenseKey: LicenseKey;
  /** Its folder. */
  readonly folder: string;
}

/** How tills come to be who they are. */
export type Admission =
  /** Each is activated, with the license's code. */
  | { readonly by: 'activation'; readonly code: string }
  /** Each names its license: where the backend allows that. The broker's addresses have user and password. */
  | { readonly by: 'name'; readonly brokerUrls: readonly string[] };

/** What a process with tills is told to do. */
export type HostOrder =
  | {
      readonly order: 'open';
      readonly backendUrl: string;
      readonly caPem: string | null;
      readonly brokerCaPem: string | null;
      readonly admission: Admission;
      readonly tills: readonly HostedTillPlan[];
    }
  | {
      readonly order: 'sell';
      readonly place: number;
      readonly basket: readonly BasketLine[];
      /** When its customer comes: since 1970. */
      readonly dueAtMs: number;
    }
  | { readonly order: 'link'; readonly place: number; readonly cut: boolean }
  | { readonly order: 'count' }
  | { readonly order: 'stop' };

/** A sale that is on a till's disk. */
export interface SoldReport {
  /** UTC. */
  readonly day: string;
  readonly currency: Currency;
  readonly minor: number;
  /** From the payment until it was saved. */
  readonly saveMs: number;
  /** From the moment at which its customer came until the till took care of it. */
  readonly lateMs: number;
  readonly cutOff: boolean;
}

/** What a process with tills tells. */
export type HostReport =
  /** One more till is on its way. */
  | { readonly told: 'opened'; readonly terminalId: string }
  /** The backend lets no more tills in for now. */
  | { readonly told: 'held'; readonly why: string }
  | { readonly told: 'failed'; readonly code: string; readonly message: string }
  | {
      readonly told: 'news';
      readonly live: number;
      readonly sold: readonly SoldReport[];
      /** Sales that were never cut off from the server: from being saved until the server's answer was written down. */
      readonly handInMs: readonly number[];
      /** Sales that the server has answered for, of whichever till. */
      readonly answered: number;
      /** Customers that could not be served, with the reasons' number. */
      readonly notSold: number;
      /** The newest words about something that went wrong. */
      readonly trouble: string | null;
    }
  /** By the tills' files. */
  | { readonly told: 'counted'; readonly waiting: number; readonly rejected: number }
  | { readonly told: 'stopped' };

const basketSchema: z.ZodType<readonly BasketLine[], unknown> = z.array(
  z.object({ productId: z.string(), quantity: z.int() }),
);

export const hostOrderSchema: z.ZodType<HostOrder, unknown> = z.discriminatedUnion('order', [
  z.object({
    order: z.literal('open'),
    backendUrl: z.string(),
    caPem: z.string().nullable(),
    brokerCaPem: z.string().nullable(),
    admission: z.discriminatedUnion('by', [
      z.object({ by: z.literal('activation'), code: z.string() }),
      z.object({ by: z.literal('name'), brokerUrls: z.array(z.string()) }),
    ]),
    tills: z.array(
      z.object({ place: z.int(), name: z.string(), licenseKey: licenseKeySchema, folder: z.string() }),
    ),
  }),
  z.object({ order: z.literal('sell'), place: z.int(), basket: basketSchema, dueAtMs: z.number() }),
  z.object({ order: z.literal('link'), place: z.int(), cut: z.boolean() }),
  z.object({ order: z.literal('count') }),
  z.object({ order: z.literal('stop') }),
]);

const soldSchema: z.ZodType<SoldReport, unknown> = z.object({
  day: z.iso.date(),
  currency: currencySchema,
  minor: z.int(),
  saveMs: z.number(),
  lateMs: z.number(),
  cutOff: z.boolean(),
});

export const hostReportSchema: z.ZodType<HostReport, unknown> = z.discriminatedUnion('told', [
  z.object({ told: z.literal('opened'), terminalId: z.uuid() }),
  z.object({ told: z.literal('held'), why: z.string() }),
  z.object({ told: z.literal('failed'), code: z.string().refine(isErrorCode), message: z.string() }),
  z.object({
    told: z.literal('news'),
    live: z.int(),
    sold: z.array(soldSchema),
    handInMs: z.array(z.number()),
    answered: z.int(),
    notSold: z.int(),
    trouble: z.string().nullable(),
  }),
  z.object({ told: z.literal('counted'), waiting: z.int(), rejected: z.int() }),
  z.object({ told: z.literal('stopped') }),
]);
