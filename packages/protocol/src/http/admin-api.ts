import { z } from 'zod';
import { digestSchema, epochSchema, versionSchema } from '../cursor.ts';
import type { ErrorDetail } from '../errors.ts';
import { type LicenseKey, licenseKeySchema } from '../license-key.ts';
import { BROADCAST_TYPES, type BroadcastType, CHANGE_TYPES, type ChangeType } from '../message-type.ts';
import { NOTICE_MAX_LENGTH } from '../messages/envelope.ts';
import { type Operation, operationSchema } from '../operation.ts';

/** A license as operators see it. */
export interface License {
  readonly key: LicenseKey;
  readonly name: string;
  readonly term: 'LIFE' | '1MTR' | '3MTR' | 'OTHER';
  readonly status: 'active' | 'suspended';
  readonly valid_until: string | null;
  readonly created_at: string;
  readonly epoch: string;
  readonly version: number;
  readonly digest: string;
  /** How many of its changes the broker has confirmed; equal to `version` when nothing waits. */
  readonly published_version: number;
  readonly items: number;
}

export const licenseSchema: z.ZodType<License, unknown> = z
  .object({
    key: licenseKeySchema,
    name: z.string(),
    term: z.enum(['LIFE', '1MTR', '3MTR', 'OTHER']),
    status: z.enum(['active', 'suspended']),
    valid_until: z.iso.datetime().nullable(),
    created_at: z.iso.datetime(),
    epoch: epochSchema,
    version: versionSchema,
    digest: digestSchema,
    published_version: versionSchema,
    items: z.int().nonnegative(),
  })
  .meta({ id: 'License' });

export interface CreateLicense {
  readonly key: LicenseKey;
  readonly name?: string | undefined;
  /** ISO 8601; null for no end; left out: as the key's term says. */
  readonly valid_until?: string | null | undefined;
}

export const createLicenseSchema: z.ZodType<CreateLicense, unknown> = z
  .strictObject({
    key: licenseKeySchema,
    name: z.string().trim().min(1).max(200).optional(),
    valid_until: z.iso.datetime().nullable().optional(),
  })
  .meta({ id: 'CreateLicense' });

export const licenseListSchema: z.ZodType<{ readonly licenses: readonly License[] }, unknown> = z
  .object({ licenses: z.array(licenseSchema) })
  .meta({ id: 'LicenseList' });

/** At most this many operations in one request; more goes by import. */
export const MAX_OPERATIONS = 1000;

export const commitRequestSchema: z.ZodType<{ readonly operations: readonly Operation[] }, unknown> = z
  .strictObject({ operations: z.array(operationSchema).min(1).max(MAX_OPERATIONS) })
  .meta({ id: 'CommitRequest' });

/** What a commit did: one change at `version`, or none where every row was already so. */
export interface CommitResult {
  readonly epoch: string;
  readonly version: number;
  readonly digest: string;
  /** The change's message type; null where nothing changed. */
  readonly type: ChangeType | null;
  readonly changed: number;
  readonly unchanged: number;
  readonly committed_at: string | null;
}

const commitShape = {
  epoch: epochSchema,
  version: versionSchema,
  digest: digestSchema,
  type: z.enum(CHANGE_TYPES).nullable(),
  changed: z.int().nonnegative(),
  unchanged: z.int().nonnegative(),
  committed_at: z.iso.datetime().nullable(),
};

export const commitResultSchema: z.ZodType<CommitResult, unknown> = z
  .object(commitShape)
  .meta({ id: 'CommitResult' });

/** The media type of an import: one `put`, `delete` or `set_price` operation a line. */
export const IMPORT_MEDIA_TYPE = 'application/x-ndjson';

/** An import's result: a commit, and in partial mode the lines that were left out. */
export interface ImportResult extends CommitResult {
  readonly read: number;
  readonly rejected: number;
  /** The first bad lines, as `line 12`. */
  readonly errors: readonly ErrorDetail[];
}

export const importResultSchema: z.ZodType<ImportResult, unknown> = z
  .object({
    ...commitShape,
    read: z.int().nonnegative(),
    rejected: z.int().nonnegative(),
    errors: z.array(z.object({ pointer: z.string(), detail: z.string() })),
  })
  .meta({ id: 'ImportResult' });

export const importQuerySchema: z.ZodType<{ readonly mode: 'strict' | 'partial' }, unknown> = z.strictObject({
  mode: z.enum(['strict', 'partial']).default('strict'),
});

export interface BroadcastRequest {
  readonly type: BroadcastType;
  readonly message: string;
  readonly severity: 'info' | 'warning';
  readonly expires_in_s: number;
}

export const broadcastRequestSchema: z.ZodType<BroadcastRequest, unknown> = z
  .strictObject({
    type: z.enum(BROADCAST_TYPES),
    message: z.string().trim().min(1).max(NOTICE_MAX_LENGTH),
    severity: z.enum(['info', 'warning']).default('info'),
    expires_in_s: z.int().min(1).max(31_536_000).default(86_400),
  })
  .meta({ id: 'BroadcastRequest' });

export const broadcastResultSchema: z.ZodType<{ readonly id: string; readonly expires_at: string }, unknown> =
  z.object({ id: z.uuid(), expires_at: z.iso.datetime() }).meta({ id: 'BroadcastResult' });

/** What a terminal last said of itself. */
export interface TerminalStatus {
  readonly terminal_id: string;
  readonly license_key: LicenseKey;
  readonly last_seen_at: string;
  readonly epoch: string | null;
  readonly version: number | null;
  readonly behind: number | null;
  readonly digest_matches: boolean | null;
  readonly unsent_sales: number;
  readonly clock_offset_ms: number;
}

export const terminalListSchema: z.ZodType<{ readonly terminals: readonly TerminalStatus[] }, unknown> = z
  .object({
    terminals: z.array(
      z.object({
        terminal_id: z.uuid(),
        license_key: licenseKeySchema,
        last_seen_at: z.iso.datetime(),
        epoch: epochSchema.nullable(),
        version: versionSchema.nullable(),
        behind: z.int().nullable(),
        digest_matches: z.boolean().nullable(),
        unsent_sales: z.int().nonnegative(),
        clock_offset_ms: z.number(),
      }),
    ),
  })
  .meta({ id: 'TerminalList' });

/** Paths of the admin API; all want `Authorization: Bearer <API key>`. */
export const ADMIN_PATHS = {
  licenses: '/api/v1/admin/licenses',
  license: (key: string): string => `/api/v1/admin/licenses/${encodeURIComponent(key)}`,
  suspend: (key: string): string => `/api/v1/admin/licenses/${encodeURIComponent(key)}/suspend`,
  resume: (key: string): string => `/api/v1/admin/licenses/${encodeURIComponent(key)}/resume`,
  changes: (key: string): string => `/api/v1/admin/licenses/${encodeURIComponent(key)}/changes`,
  import: (key: string): string => `/api/v1/admin/licenses/${encodeURIComponent(key)}/import`,
  terminals: '/api/v1/admin/terminals',
  broadcasts: '/api/v1/admin/broadcasts',
} as const;
