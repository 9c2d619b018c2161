import { z } from 'zod';
import { epochSchema, versionSchema } from '../cursor.ts';
import { type LicenseKey, licenseKeySchema } from '../license-key.ts';
import { CHANGE_TYPES, type ChangeType } from '../message-type.ts';

/** A till reports every 15 s at the latest; one that missed two reports is silent. */
export const SILENT_AFTER_MS = 35_000;

/**
 * Where a till stands, by its last report. `silent`: it was not heard of for SILENT_AFTER_MS, whatever it held then;
 * `differs`: it has its license's version, but not its content.
 */
export const TILL_STANDINGS = ['current', 'behind', 'differs', 'silent'] as const;

export type TillStanding = (typeof TILL_STANDINGS)[number];

/** Each till counts in one of the four; `cloned` ones are counted there too. */
export interface FleetCounts extends Readonly<Record<TillStanding, number>> {
  readonly terminals: number;
  /** Two copies of its data were heard within the last ten minutes. */
  readonly cloned: number;
}

const countSchema = z.int().nonnegative();

const countsShape = {
  terminals: countSchema,
  current: countSchema,
  behind: countSchema,
  differs: countSchema,
  silent: countSchema,
  cloned: countSchema,
};

/** One license's tills. */
export interface LicenseFleet extends FleetCounts {
  readonly license_key: LicenseKey;
  readonly version: number;
}

/** How long changes took from their commit to their apply at the tills. */
export interface DeliveryTimes {
  /** How many changes, and how many applies of them were reported. */
  readonly changes: number;
  readonly applied: number;
  /** Within how many ms the first half and 99 of 100 were applied: at most a tenth off. */
  readonly p50_ms: number;
  readonly p99_ms: number;
  /** The slowest. */
  readonly last_ms: number;
}

const msSchema = z.number().nonnegative();

const deliveryTimesSchema: z.ZodType<DeliveryTimes, unknown> = z.object({
  changes: countSchema,
  applied: countSchema,
  p50_ms: msSchema,
  p99_ms: msSchema,
  last_ms: msSchema,
});

/** The tills of one license, or of all that are active. */
export interface FleetStatus extends FleetCounts {
  readonly at: string;
  readonly unsent_sales: number;
  /** Licenses some of whose tills are not current, the worst first, FLEET_LICENSES_MAX at most; or the one that was asked for. */
  readonly licenses: readonly LicenseFleet[];
  /** Of the changes of the last 24 hours; null where no apply of them was reported. */
  readonly delivery: DeliveryTimes | null;
}

export const FLEET_LICENSES_MAX = 50;

export const fleetStatusSchema: z.ZodType<FleetStatus, unknown> = z
  .object({
    at: z.iso.datetime(),
    ...countsShape,
    unsent_sales: countSchema,
    licenses: z.array(z.object({ license_key: licenseKeySchema, version: versionSchema, ...countsShape })),
    delivery: deliveryTimesSchema.nullable(),
  })
  .meta({ id: 'FleetStatus' });

/** A till that is not current, and by how much. */
export interface TillBehind {
  readonly terminal_id: string;
  readonly license_key: LicenseKey;
  readonly name: string;
  readonly standing: TillStanding;
  /** What it held; null for nothing. */
  readonly version: number | null;
  /** What its license is at. */
  readonly license_version: number;
  /** Null where it held nothing, or something of another history. */
  readonly behind: number | null;
  /** Null where it was never heard of. */
  readonly last_seen_at: string | null;
  readonly cloned: boolean;
}

const tillBehindSchema: z.ZodType<TillBehind, unknown> = z
  .object({
    terminal_id: z.uuid(),
    license_key: licenseKeySchema,
    name: z.string(),
    standing: z.enum(TILL_STANDINGS),
    version: versionSchema.nullable(),
    license_version: versionSchema,
    behind: countSchema.nullable(),
    last_seen_at: z.iso.datetime().nullable(),
    cloned: z.boolean(),
  })
  .meta({ id: 'TillBehind' });

/** Who is not current, the worst first. */
export interface FleetBehind {
  readonly at: string;
  /** How many there are; `terminals` may be fewer. */
  readonly total: number;
  readonly terminals: readonly TillBehind[];
}

export const fleetBehindSchema: z.ZodType<FleetBehind, unknown> = z
  .object({ at: z.iso.datetime(), total: countSchema, terminals: z.array(tillBehindSchema) })
  .meta({ id: 'FleetBehind' });

/** How far one change has come. */
export interface ChangeDelivery {
  readonly at: string;
  readonly license_key: LicenseKey;
  readonly epoch: string;
  readonly version: number;
  readonly type: ChangeType;
  readonly committed_at: string;
  /** Whether the broker has confirmed its message. */
  readonly published: boolean;
  /** The license's tills, and how many of them hold this version or a later one: exact, by their last reports. */
  readonly terminals: number;
  readonly have_it: number;
  /** Those that do not, those that were not heard of last; PENDING_MAX at most. */
  readonly pending: readonly TillBehind[];
  /** As the tills reported it; null where none did, or where it is not among the newest 1,000 of its license. */
  readonly delivery: Omit<DeliveryTimes, 'changes'> | null;
}

export const PENDING_MAX = 100;

export const changeDeliverySchema: z.ZodType<ChangeDelivery, unknown> = z
  .object({
    at: z.iso.datetime(),
    license_key: licenseKeySchema,
    epoch: epochSchema,
    version: versionSchema,
    type: z.enum(CHANGE_TYPES),
    committed_at: z.iso.datetime(),
    published: z.boolean(),
    terminals: countSchema,
    have_it: countSchema,
    pending: z.array(tillBehindSchema),
    delivery: z
      .object({ applied: countSchema, p50_ms: msSchema, p99_ms: msSchema, last_ms: msSchema })
      .nullable(),
  })
  .meta({ id: 'ChangeDelivery' });

export interface FleetQuery {
  readonly license?: LicenseKey | undefined;
}

const licenseOption = licenseKeySchema.optional().meta({ description: 'Only this license' });

export const fleetQuerySchema: z.ZodType<FleetQuery, unknown> = z.strictObject({ license: licenseOption });

export const FLEET_BEHIND_MAX = 1_000;

export interface FleetBehindQuery extends FleetQuery {
  readonly limit: number;
}

export const fleetBehindQuerySchema: z.ZodType<FleetBehindQuery, unknown> = z.strictObject({
  license: licenseOption,
  limit: z
    .string()
    .regex(/^\d{1,9}$/, 'must be a whole number')
    .transform(Number)
    .meta({ type: 'integer' })
    .pipe(z.int().min(1).max(FLEET_BEHIND_MAX))
    .default(100)
    .meta({ description: 'Terminals at most: 1 to 1000, 100 where left out' }),
});

/** Paths of the fleet's part of the admin API. */
export const FLEET_PATHS = {
  status: '/api/v1/admin/fleet',
  behind: '/api/v1/admin/fleet/behind',
  change: (key: string, version: number): string =>
    `/api/v1/admin/licenses/${encodeURIComponent(key)}/changes/${version}/delivery`,
} as const;
