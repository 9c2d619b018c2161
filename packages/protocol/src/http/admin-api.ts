import { z } from 'zod';
import { digestSchema, epochSchema, versionSchema } from '../cursor.ts';
import type { ErrorDetail } from '../errors.ts';
import { type LicenseKey, licenseKeySchema } from '../license-key.ts';
import { BROADCAST_TYPES, type BroadcastType, CHANGE_TYPES, type ChangeType } from '../message-type.ts';
import { NOTICE_MAX_LENGTH } from '../messages/envelope.ts';
import { type Operation, operationSchema } from '../operation.ts';
import { terminalNameSchema } from './identity-api.ts';

/** `revoked` is for good. That a license has expired is seen from `valid_until`. */
export const LICENSE_STATUSES = ['active', 'suspended', 'revoked'] as const;

export type LicenseStatus = (typeof LICENSE_STATUSES)[number];

/** A license as operators see it. */
export interface License {
  readonly key: LicenseKey;
  readonly name: string;
  readonly term: 'LIFE' | '1MTR' | '3MTR' | 'OTHER';
  readonly status: LicenseStatus;
  readonly valid_until: string | null;
  readonly created_at: string;
  readonly epoch: string;
  readonly version: number;
  readonly digest: string;
  /** How many of its changes the broker has confirmed; equal to `version` when nothing waits. */
  readonly published_version: number;
  readonly items: number;
  /** How many terminals may be active at once. */
  readonly terminals_max: number;
  /** How many are. */
  readonly terminals_active: number;
}

const licenseShape = {
  key: licenseKeySchema,
  name: z.string(),
  term: z.enum(['LIFE', '1MTR', '3MTR', 'OTHER']),
  status: z.enum(LICENSE_STATUSES),
  valid_until: z.iso.datetime().nullable(),
  created_at: z.iso.datetime(),
  epoch: epochSchema,
  version: versionSchema,
  digest: digestSchema,
  published_version: versionSchema,
  items: z.int().nonnegative(),
  terminals_max: z.int().nonnegative(),
  terminals_active: z.int().nonnegative(),
};

export const licenseSchema: z.ZodType<License, unknown> = z.object(licenseShape).meta({ id: 'License' });

/** A license that was just created: the one time that its activation code is shown. */
export interface CreatedLicense extends License {
  readonly activation_code: string;
}

export const createdLicenseSchema: z.ZodType<CreatedLicense, unknown> = z
  .object({ ...licenseShape, activation_code: z.string() })
  .meta({ id: 'CreatedLicense' });

/** A code that is shown once. */
export const activationCodeSchema: z.ZodType<{ readonly activation_code: string }, unknown> = z
  .object({ activation_code: z.string() })
  .meta({ id: 'ActivationCode' });

export interface CreateLicense {
  readonly key: LicenseKey;
  readonly name?: string | undefined;
  /** ISO 8601; null for no end; left out: as the key's term says. */
  readonly valid_until?: string | null | undefined;
  /** How many terminals may be active at once; left out: DEFAULT_TERMINALS_MAX. */
  readonly terminals_max?: number | undefined;
}

export const DEFAULT_TERMINALS_MAX = 10;

const terminalsMaxSchema = z.int().min(0).max(100_000);

export const createLicenseSchema: z.ZodType<CreateLicense, unknown> = z
  .strictObject({
    key: licenseKeySchema,
    name: z.string().trim().min(1).max(200).optional(),
    valid_until: z.iso.datetime().nullable().optional(),
    terminals_max: terminalsMaxSchema.optional(),
  })
  .meta({ id: 'CreateLicense' });

/** What an operator may change of a license; what is left out stays. */
export interface UpdateLicense {
  readonly name?: string | undefined;
  readonly valid_until?: string | null | undefined;
  readonly terminals_max?: number | undefined;
}

export const updateLicenseSchema: z.ZodType<UpdateLicense, unknown> = z
  .strictObject({
    name: z.string().trim().min(1).max(200).optional(),
    valid_until: z.iso.datetime().nullable().optional(),
    terminals_max: terminalsMaxSchema.optional(),
  })
  .meta({ id: 'UpdateLicense' });

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

/** `unactivated`: it named itself, where a license key alone is accepted. */
export const TERMINAL_STANDINGS = ['active', 'revoked', 'unactivated'] as const;

/** A terminal, and what it last said of itself. */
export interface TerminalStatus {
  readonly terminal_id: string;
  readonly license_key: LicenseKey;
  /** What people call it; empty where it was never activated. */
  readonly name: string;
  readonly standing: (typeof TERMINAL_STANDINGS)[number];
  readonly activated_at: string | null;
  /** Null where it has not yet been heard of since its activation. */
  readonly last_seen_at: string | null;
  readonly epoch: string | null;
  readonly version: number | null;
  readonly behind: number | null;
  readonly digest_matches: boolean | null;
  readonly unsent_sales: number;
  readonly clock_offset_ms: number;
}

export const terminalStatusSchema: z.ZodType<TerminalStatus, unknown> = z
  .object({
    terminal_id: z.uuid(),
    license_key: licenseKeySchema,
    name: z.string(),
    standing: z.enum(TERMINAL_STANDINGS),
    activated_at: z.iso.datetime().nullable(),
    last_seen_at: z.iso.datetime().nullable(),
    epoch: epochSchema.nullable(),
    version: versionSchema.nullable(),
    behind: z.int().nullable(),
    digest_matches: z.boolean().nullable(),
    unsent_sales: z.int().nonnegative(),
    clock_offset_ms: z.number(),
  })
  .meta({ id: 'TerminalStatus' });

export interface TerminalList {
  /** When that was so, by the server's clock; an older server does not say. */
  readonly at?: string | undefined;
  readonly terminals: readonly TerminalStatus[];
}

export const terminalListSchema: z.ZodType<TerminalList, unknown> = z
  .object({ at: z.iso.datetime().optional(), terminals: z.array(terminalStatusSchema) })
  .meta({ id: 'TerminalList' });

export const renameTerminalSchema: z.ZodType<{ readonly name: string }, unknown> = z
  .strictObject({ name: terminalNameSchema })
  .meta({ id: 'RenameTerminal' });

/**
 * One act, for good. `hash` is the SHA-256, in hexadecimal, of the entry before it and of this one's
 * content, so that no entry can be changed, left out or moved without every later hash being wrong.
 */
export interface AuditEntry {
  /** 1, 2, 3 … without a hole. */
  readonly number: number;
  /** ISO 8601 with milliseconds, UTC. */
  readonly at: string;
  /** Who: `operator`, `terminal <id>`, `address <ip>`, `system`. */
  readonly actor: string;
  /** What: `license.created`, `terminal.activated`, `activation.refused` … */
  readonly act: string;
  /** To what: a license key, a terminal's id, a key's id; null where there is none. */
  readonly subject: string | null;
  /** More of it; nothing secret. Its canonical JSON text is part of the hash. */
  readonly detail: string;
  readonly hash: string;
}

export interface AuditPage {
  readonly entries: readonly AuditEntry[];
  /** The last entry's number and hash as the log's head keeps them: what an operator may note elsewhere. */
  readonly head: { readonly number: number; readonly hash: string };
}

export const auditPageSchema: z.ZodType<AuditPage, unknown> = z
  .object({
    entries: z.array(
      z.object({
        number: z.int().positive(),
        at: z.iso.datetime({ precision: 3 }),
        actor: z.string(),
        act: z.string(),
        subject: z.string().nullable(),
        detail: z.string(),
        hash: z.string().regex(/^[0-9a-f]{64}$/),
      }),
    ),
    head: z.object({ number: z.int().nonnegative(), hash: z.string().regex(/^[0-9a-f]{64}$/) }),
  })
  .meta({ id: 'AuditPage' });

/** Which entries: those after a number, in order. */
export interface AuditQuery {
  readonly after: number;
  readonly limit: number;
}

export const MAX_AUDIT_ENTRIES = 1_000;

// Not a coercion, which would take an empty text as 0 and `1e3` as 1000.
const wholeNumberText = z
  .string()
  .regex(/^\d{1,15}$/, 'must be a whole number')
  .transform(Number)
  .meta({ type: 'integer' });

export const auditQuerySchema: z.ZodType<AuditQuery, unknown> = z.strictObject({
  after: wholeNumberText
    .pipe(z.int().nonnegative())
    .default(0)
    .meta({ description: 'The number of the entry before; from the first where left out', example: 41 }),
  limit: wholeNumberText
    .pipe(z.int().min(1).max(MAX_AUDIT_ENTRIES))
    .default(100)
    .meta({ description: 'Entries at most: 1 to 1000, 100 where left out' }),
});

/** What a signing key is for. */
export const KEY_PURPOSES = ['token', 'message'] as const;

export type KeyPurpose = (typeof KEY_PURPOSES)[number];

/** `next`: published, not yet used; `current`: signs; `retired`: no longer signs, still verifies. */
export interface SigningKey {
  readonly kid: string;
  readonly purpose: KeyPurpose;
  readonly state: 'next' | 'current' | 'retired';
  readonly created_at: string;
}

const signingKeySchema: z.ZodType<SigningKey, unknown> = z.object({
  kid: z.string(),
  purpose: z.enum(KEY_PURPOSES),
  state: z.enum(['next', 'current', 'retired']),
  created_at: z.iso.datetime(),
});

export const signingKeyListSchema: z.ZodType<{ readonly keys: readonly SigningKey[] }, unknown> = z
  .object({ keys: z.array(signingKeySchema) })
  .meta({ id: 'SigningKeyList' });

export const rotateKeySchema: z.ZodType<{ readonly purpose: KeyPurpose }, unknown> = z
  .strictObject({ purpose: z.enum(KEY_PURPOSES) })
  .meta({ id: 'RotateKey' });

/** What came of telling RabbitMQ that a key of tokens was revoked. */
export interface BrokerKeyOutcome {
  /** Whether a node fetched the keys anew; false where the broker or its management API is not there. */
  readonly asked: boolean;
  /** Connections of tokens that were closed. */
  readonly connections_closed: number;
  /** How many nodes of the broker run. */
  readonly nodes: number;
  /** Those of them that did not fetch the keys anew, by name, and take the key until they are restarted. */
  readonly nodes_left: readonly string[];
}

export interface RevokedKey {
  readonly keys: readonly SigningKey[];
  /** Null for a key of messages, which the broker does not know. */
  readonly broker: BrokerKeyOutcome | null;
}

export const revokedKeySchema: z.ZodType<RevokedKey, unknown> = z
  .object({
    keys: z.array(signingKeySchema),
    broker: z
      .object({
        asked: z.boolean(),
        connections_closed: z.int().nonnegative(),
        nodes: z.int().nonnegative(),
        nodes_left: z.array(z.string()),
      })
      .nullable(),
  })
  .meta({ id: 'RevokedKey' });

/** The name of a signing key: an RFC 7638 thumbprint. */
export const signingKeyIdSchema: z.ZodType<string, unknown> = z.string().regex(/^[\w-]{43}$/);

/** What a backup is answered as. */
export const BACKUP_MEDIA_TYPE = 'application/gzip';

/** Paths of the admin API; all want `Authorization: Bearer <API key>`. */
export const ADMIN_PATHS = {
  licenses: '/api/v1/admin/licenses',
  license: (key: string): string => `/api/v1/admin/licenses/${encodeURIComponent(key)}`,
  suspend: (key: string): string => `/api/v1/admin/licenses/${encodeURIComponent(key)}/suspend`,
  resume: (key: string): string => `/api/v1/admin/licenses/${encodeURIComponent(key)}/resume`,
  changes: (key: string): string => `/api/v1/admin/licenses/${encodeURIComponent(key)}/changes`,
  import: (key: string): string => `/api/v1/admin/licenses/${encodeURIComponent(key)}/import`,
  revoke: (key: string): string => `/api/v1/admin/licenses/${encodeURIComponent(key)}/revoke`,
  activationCode: (key: string): string =>
    `/api/v1/admin/licenses/${encodeURIComponent(key)}/activation-code`,
  salesDays: (key: string): string => `/api/v1/admin/licenses/${encodeURIComponent(key)}/sales/days`,
  terminals: '/api/v1/admin/terminals',
  terminal: (id: string): string => `/api/v1/admin/terminals/${encodeURIComponent(id)}`,
  revokeTerminal: (id: string): string => `/api/v1/admin/terminals/${encodeURIComponent(id)}/revoke`,
  moveTerminal: (id: string): string => `/api/v1/admin/terminals/${encodeURIComponent(id)}/move`,
  audit: '/api/v1/admin/audit',
  keys: '/api/v1/admin/keys',
  rotateKey: '/api/v1/admin/keys/rotate',
  revokeKey: (kid: string): string => `/api/v1/admin/keys/${encodeURIComponent(kid)}/revoke`,
  broadcasts: '/api/v1/admin/broadcasts',
  backups: '/api/v1/admin/backups',
} as const;
