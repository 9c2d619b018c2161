import { type ErrorCode, TillcastError } from '@tillcast/protocol/errors';
import { licenseKeySchema } from '@tillcast/protocol/license-key';
import type { FastifyRequest } from 'fastify';
import { z } from 'zod';
import type { Database } from '../database/database.ts';
import { ADMIN_SECURITY } from '../http/documentation.ts';
import type { KeyRing } from '../keys/key-ring.ts';
import type { BackendMetrics } from '../metrics/metrics.ts';
import type { WaitingChange } from '../relay/change-log.ts';

/** What the admin API stands on. */
export interface AdminDependencies {
  readonly database: Database;
  readonly metrics: BackendMetrics;
  readonly now: () => Date;
  readonly keys: KeyRing;
  /** Called when an act is committed that asks for something at the broker. */
  readonly wakeRevoker?: () => void;
  /** Told of changes that were committed just now; see CommitContext. */
  readonly onCommitted?: (change: WaitingChange) => void;
}

/** What the API key's check may refuse with. */
export const KEY_REFUSALS: readonly ErrorCode[] = ['credentials_missing', 'api_key_invalid'];

/** What a route of one license refuses with besides. */
export const ONE_LICENSE_REFUSALS: readonly ErrorCode[] = [
  ...KEY_REFUSALS,
  'license_key_malformed',
  'license_not_found',
];

/** Described alike: all admin routes. */
export const ADMIN: {
  readonly tags: string[];
  readonly security: typeof ADMIN_SECURITY;
  readonly querystring: z.ZodObject;
} = {
  tags: ['admin'],
  security: ADMIN_SECURITY,
  querystring: z.strictObject({}),
};

export const licenseParams: z.ZodObject<{ key: typeof licenseKeySchema }> = z.object({
  key: licenseKeySchema,
});

/** The path of one license's resource, as Fastify matches it. */
export const LICENSE_PATH = '/api/v1/admin/licenses/:key';

const emptyBody = z.strictObject({}).nullish();

/** For paths that take nothing: a body with something in it was meant for another path. */
export async function refuseBody(request: FastifyRequest): Promise<void> {
  if (!emptyBody.safeParse(request.body).success) {
    throw new TillcastError('request_invalid', 'This path takes no body: send none.');
  }
}
