import { z } from 'zod';
import { digestSchema, epochSchema, versionSchema } from '../cursor.ts';
import { TERMINAL_STATUS_WORDS, type TerminalStatusWord } from '../replica/status.ts';
import { headShape, type LicenseStanding, STANDING_CODES, type SyncHead } from './sync-api.ts';

/** Which copy of a till's data speaks, so that two tills with one identity are told apart. */
export interface TillInstance {
  /** Made with the till's catalog file: a UUID. */
  readonly id: string;
  /** How often a till was started on that file; each start is on disk before it is told. */
  readonly starts: number;
  /** Made at each start: a UUID. */
  readonly run: string;
}

/** Versions that were applied together, so that only the server knows when each was committed. */
export interface CaughtUp {
  readonly first: number;
  readonly last: number;
  /** How long before this report they were applied. */
  readonly age_ms: number;
}

/** What is counted at a till and summed up over all of them. */
export const TILL_EVENTS = [
  'gap',
  'digest_mismatch',
  'repair',
  'line_deaf',
  'pull_failed',
  'status_failed',
  'store_failed',
  'message_refused',
] as const;

export type TillEventName = (typeof TILL_EVENTS)[number];

export const SYNC_KINDS = ['delta', 'repair', 'snapshot'] as const;

/** What a till asked the sync API for. */
export type SyncKind = (typeof SYNC_KINDS)[number];

/** Of each kind of news a report carries so many at most, the newest. */
export const REPORTED_MAX = { applied: 256, caughtUp: 16, syncs: 32, notices: 50 } as const;

/** Longer times count as this: 24 days, what 31 bits hold. */
export const REPORTED_MS_MAX = 2_147_483_647;

/**
 * What a till says of itself every 10 to 15 s. The first three fields are all that a server needs; the others
 * may be left out. What is counted or listed is what came since the last report that was answered.
 */
export interface StatusReport {
  /** What it holds; null before its first snapshot. */
  readonly cursor: { readonly epoch: string; readonly version: number; readonly digest: string } | null;
  readonly unsent_sales: number;
  /** The till's clock when it asked: ISO 8601. */
  readonly clock: string;
  readonly instance?: TillInstance | undefined;
  /** What it shows. */
  readonly state?: TerminalStatusWord | undefined;
  /** Versions of the cursor's epoch that came as messages, and how long after their commit each was applied, in ms. */
  readonly applied?: readonly (readonly [version: number, latencyMs: number])[] | undefined;
  /** Versions of the cursor's epoch that came in deltas, repairs and snapshots. */
  readonly caught_up?: readonly CaughtUp[] | undefined;
  /** How long the questions for them took, from the question to the commit, in ms. */
  readonly syncs?: readonly (readonly [kind: SyncKind, durationMs: number])[] | undefined;
  readonly events?: Readonly<Partial<Record<TillEventName, number>>> | undefined;
  /** The ids of the notices that it has. Where they are left out, the answer has no notices. */
  readonly notices?: readonly string[] | undefined;
}

const millisecondsSchema = z.int().min(0).max(REPORTED_MS_MAX);
const countSchema = z.int().min(0).max(2_147_483_647);
const positiveVersionSchema = z.int().positive();

export const statusReportSchema: z.ZodType<StatusReport, unknown> = z
  .strictObject({
    cursor: z.strictObject({ epoch: epochSchema, version: versionSchema, digest: digestSchema }).nullable(),
    unsent_sales: countSchema,
    clock: z.iso.datetime(),
    instance: z
      .strictObject({ id: z.uuid(), starts: countSchema.positive(), run: z.uuid() })
      .optional()
      .meta({ description: 'Which copy of the till’s data speaks' }),
    state: z.enum(TERMINAL_STATUS_WORDS).optional(),
    applied: z
      .array(z.tuple([positiveVersionSchema, millisecondsSchema]))
      .max(REPORTED_MAX.applied)
      .optional()
      .meta({ description: 'Versions that came as messages, and the ms from their commit to their apply' }),
    caught_up: z
      .array(
        z.strictObject({
          first: positiveVersionSchema,
          last: positiveVersionSchema,
          age_ms: millisecondsSchema,
        }),
      )
      .max(REPORTED_MAX.caughtUp)
      .optional()
      .meta({ description: 'Versions that were asked for, and how long ago they were applied' }),
    syncs: z
      .array(z.tuple([z.enum(SYNC_KINDS), millisecondsSchema]))
      .max(REPORTED_MAX.syncs)
      .optional()
      .meta({ description: 'How long the questions for changes took, in ms' }),
    events: z.partialRecord(z.enum(TILL_EVENTS), countSchema).optional(),
    notices: z
      .array(z.uuid())
      .max(REPORTED_MAX.notices)
      .optional()
      .meta({ description: 'Ids of the notices that it has' }),
  })
  .meta({ id: 'StatusReport' });

/** A broadcast as it was published: the text that was signed, and its signature. */
export interface SignedNotice {
  readonly type: string;
  readonly message: string;
  readonly signature: string;
}

/** What it should hold, and what its license may do: the proof of currency. */
export interface StatusAnswer extends SyncHead, LicenseStanding {
  /** Those that have not expired and that the till does not have, oldest first. */
  readonly notices?: readonly SignedNotice[] | undefined;
  /** Another till was lately heard under this one's identity, or this one was restored from an old copy. */
  readonly cloned?: boolean | undefined;
  /** When the next report is awaited at the latest. */
  readonly next_report_s?: number | undefined;
}

export const statusAnswerSchema: z.ZodType<StatusAnswer, unknown> = z
  .object({
    ...headShape,
    valid: z.boolean(),
    code: z.enum(STANDING_CODES),
    detail: z.string(),
    notices: z
      .array(z.object({ type: z.string(), message: z.string(), signature: z.string() }))
      .optional()
      .meta({ description: 'Broadcasts that the till does not have, each as it was signed' }),
    cloned: z
      .boolean()
      .optional()
      .meta({ description: 'Another till was lately heard under this one’s identity' }),
    next_report_s: z.int().positive().optional().meta({ description: 'When the next report is awaited' }),
  })
  .meta({ id: 'StatusAnswer' });
