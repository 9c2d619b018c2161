import { join } from 'node:path';
import { TillcastError } from '@tillcast/protocol/errors';
import { type LicenseKey, licenseKeySchema } from '@tillcast/protocol/license-key';
import { z } from 'zod';
import { readIfThere, removeDurably, writeDurably } from './durable-file.ts';

/** Where a till's private key can be. */
export const KEY_STORES = ['keyring', 'file'] as const;
export type KeyStoreName = (typeof KEY_STORES)[number];

/** Which key is a till's, and where; nothing of the key itself. */
export interface KeyPlace {
  /** The public key's thumbprint (RFC 7638). */
  readonly id: string;
  readonly store: KeyStoreName;
}

/** Who a till is since its activation. Nothing in it is secret. */
export interface TillIdentity {
  readonly terminal_id: string;
  readonly license_key: LicenseKey;
  readonly name: string;
  /** The `aud` of the till's assertions. */
  readonly issuer: string;
  /** Where the broker is, as the backend last said; without user or password. */
  readonly broker_urls: readonly string[];
  readonly backend_url: string;
  /** ISO 8601. */
  readonly activated_at: string;
  readonly key: KeyPlace;
}

const keyPlaceSchema: z.ZodType<KeyPlace, unknown> = z.object({
  id: z.string().regex(/^[A-Za-z0-9_-]{43}$/),
  store: z.enum(KEY_STORES),
});

const identitySchema: z.ZodType<TillIdentity, unknown> = z.object({
  terminal_id: z.uuid(),
  license_key: licenseKeySchema,
  name: z.string(),
  issuer: z.string().min(1),
  broker_urls: z.array(z.string()),
  backend_url: z.url(),
  activated_at: z.iso.datetime(),
  key: keyPlaceSchema,
});

/** An activation that was begun: its key is kept, and its answer did not come yet. */
export interface PendingActivation {
  readonly license_key: LicenseKey;
  readonly backend_url: string;
  readonly key: KeyPlace;
}

const pendingSchema: z.ZodType<PendingActivation, unknown> = z.object({
  license_key: licenseKeySchema,
  backend_url: z.url(),
  key: keyPlaceSchema,
});

const identityPath = (dataDir: string): string => join(dataDir, 'identity.json');
const pendingPath = (dataDir: string): string => join(dataDir, 'activation.json');

/**
 * Who the till in this folder is; null where it was not activated.
 * @throws TillcastError `configuration_invalid` where the file cannot be read or holds something else
 */
export function readIdentity(dataDir: string): TillIdentity | null {
  return read(identityPath(dataDir), identitySchema);
}

/** @throws TillcastError `database_unavailable` where it cannot be kept */
export function writeIdentity(dataDir: string, identity: TillIdentity): void {
  write(identityPath(dataDir), identity);
}

export function removeIdentity(dataDir: string): void {
  removeDurably(identityPath(dataDir));
}

/** @throws TillcastError like {@link readIdentity} */
export function readPending(dataDir: string): PendingActivation | null {
  return read(pendingPath(dataDir), pendingSchema);
}

/** @throws TillcastError `database_unavailable` where it cannot be kept */
export function writePending(dataDir: string, pending: PendingActivation): void {
  write(pendingPath(dataDir), pending);
}

export function removePending(dataDir: string): void {
  removeDurably(pendingPath(dataDir));
}

function read<T>(path: string, schema: z.ZodType<T, unknown>): T | null {
  try {
    const text = readIfThere(path);
    return text === null ? null : schema.parse(JSON.parse(text));
  } catch (cause) {
    const why = cause instanceof z.ZodError ? 'it holds something else' : textOf(cause);
    throw new TillcastError(
      'configuration_invalid',
      `${path} cannot be used: ${why}. Mend it from a copy, or make this till anew: \`tillcast terminal reset\` and \`tillcast terminal activate\`.`,
      { cause },
    );
  }
}

function write(path: string, value: unknown): void {
  try {
    writeDurably(path, `${JSON.stringify(value, null, 2)}\n`);
  } catch (cause) {
    throw new TillcastError(
      'database_unavailable',
      `${path} cannot be written: ${textOf(cause)}. Check the folder's permissions and the disk's free space.`,
      { cause },
    );
  }
}

function textOf(error: unknown): string {
  return error instanceof Error ? error.message : String(error);
}
