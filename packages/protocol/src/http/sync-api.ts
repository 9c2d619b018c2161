import { z } from 'zod';
import { digestSchema, epochSchema, versionSchema } from '../cursor.ts';
import { type ItemPlural, PLURAL } from '../items/kind.ts';
import { type LicenseKey, licenseKeySchema } from '../license-key.ts';
import { type WireItem, type WireRow, wireItemSchema, wireRowSchema } from '../messages/payload.ts';

/** The header that names the license, and is its only credential where the operator allows that. */
export const LICENSE_KEY_HEADER = 'x-license-key';
/** The header by which a till names itself. */
export const TERMINAL_ID_HEADER = 'x-terminal-id';

/** Where a license stands, as every sync answer says first. */
export interface SyncHead {
  readonly license_key: LicenseKey;
  readonly epoch: string;
  readonly version: number;
  readonly digest: string;
  /** When the answer's content was read: ISO 8601, UTC. */
  readonly synced_at: string;
}

/** The fields of SyncHead. */
export const headShape: {
  readonly license_key: typeof licenseKeySchema;
  readonly epoch: typeof epochSchema;
  readonly version: typeof versionSchema;
  readonly digest: typeof digestSchema;
  readonly synced_at: z.ZodISODateTime;
} = {
  license_key: licenseKeySchema,
  epoch: epochSchema,
  version: versionSchema,
  digest: digestSchema,
  synced_at: z.iso.datetime(),
};

export const versionAnswerSchema: z.ZodType<SyncHead, unknown> = z.object(headShape).meta({ id: 'Version' });

/** The whole catalog at one version. */
export type Snapshot = SyncHead & { readonly [P in ItemPlural]: readonly WireItem[] };

export const snapshotSchema: z.ZodType<Snapshot, unknown> = z
  .object({
    ...headShape,
    categories: z.array(wireItemSchema),
    modifiers: z.array(wireItemSchema),
    products: z.array(wireItemSchema),
    tables: z.array(wireItemSchema),
    users: z.array(wireItemSchema),
  })
  .meta({ id: 'FullData' });

/** One kind's items at one version. The digest is the whole catalog's. */
export function kindListSchema(plural: ItemPlural): z.ZodType<SyncHead, unknown> {
  return z.object({ ...headShape, [plural]: z.array(wireItemSchema) }).meta({ id: `List_${plural}` });
}

/**
 * A page of what came after a cursor: for each row changed since, its state when the page was read.
 *
 * Rows are ordered by the version that last changed them. A row that changes between two pages moves to a
 * later page, so all pages together, later ones winning, are exactly the content at the last page's
 * version. `next` is null on the last page: only then do `version` and `digest` describe what was read.
 */
export interface DeltaPage extends SyncHead {
  readonly since: number;
  readonly changes: readonly WireRow[];
  readonly next: string | null;
}

export const deltaPageSchema: z.ZodType<DeltaPage, unknown> = z
  .object({
    ...headShape,
    since: versionSchema,
    changes: z.array(wireRowSchema),
    next: z.string().nullable(),
  })
  .meta({ id: 'Changes' });

// Not a coercion, which would take an empty text as 0 and `1e3` as 1000.
export const wholeNumberText: z.ZodType<number, string> = z
  .string()
  .regex(/^\d{1,16}$/, 'must be a whole number')
  .transform(Number)
  .meta({ type: 'integer' });

/** A token holds an item's id: 64 characters of up to 3 bytes, in base64 with what is around it. */
const MAX_PAGE_TOKEN = 512;

export const deltaQuerySchema: z.ZodType<DeltaQuery, unknown> = z.strictObject({
  epoch: epochSchema,
  since: wholeNumberText
    .pipe(versionSchema)
    .meta({ description: 'The version that the till holds', example: 41 }),
  page: z.string().max(MAX_PAGE_TOKEN).optional().meta({ description: 'The `next` of the page before' }),
  limit: wholeNumberText
    .pipe(z.int().min(1).max(5000))
    .default(1000)
    .meta({ description: 'Rows a page at most: 1 to 5000, 1000 where left out' }),
});

export interface DeltaQuery {
  readonly epoch: string;
  readonly since: number;
  readonly page?: string | undefined;
  readonly limit: number;
}

export const STANDING_CODES = [
  'license_active',
  'license_suspended',
  'license_expired',
  'license_revoked',
] as const;

export type StandingCode = (typeof STANDING_CODES)[number];

/** The one vocabulary for a license check, the same in HTTP, console and shell. */
export interface LicenseStanding {
  readonly valid: boolean;
  readonly code: StandingCode;
  readonly detail: string;
}

/** Paths of the sync API. */
export const SYNC_PATHS = {
  fullData: '/api/v1/sync/full_data',
  changes: '/api/v1/sync/changes',
  version: '/api/v1/sync/version',
  digests: '/api/v1/sync/digests',
  rowDigests: '/api/v1/sync/digests/rows',
  rows: '/api/v1/sync/rows',
  status: '/api/v1/terminals/self/status',
  list: (plural: ItemPlural): string => `/api/v1/sync/${plural}`,
} as const;

export const ITEM_PLURALS: readonly ItemPlural[] = Object.values(PLURAL);
