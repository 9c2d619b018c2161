import { z } from 'zod';
import { digestSchema, epochSchema, versionSchema } from '../cursor.ts';
import { BUCKET_COUNT } from '../digest-buckets.ts';
import { itemIdSchema } from '../items/fields.ts';
import { type ItemKind, itemKindSchema } from '../items/kind.ts';
import { type WireRow, wireRowSchema } from '../messages/payload.ts';
import { headShape, type SyncHead, wholeNumberText } from './sync-api.ts';

// A till whose content is not the server's asks in three steps: the sums of all buckets, the rows' numbers in
// those that differ, and the rows themselves.

/** So many buckets are told row by row at once; where more differ, the snapshot is less. */
export const BUCKETS_MAX = 64;
/** So many rows are given at once. */
export const ROWS_MAX = 200;

/** The digest, taken apart: the sum of the rows' numbers for each first byte of a number, `00` to `ff`. */
export interface DigestSums extends SyncHead {
  readonly sums: readonly string[];
}

export const digestSumsSchema: z.ZodType<DigestSums, unknown> = z
  .object({ ...headShape, sums: z.array(digestSchema).length(BUCKET_COUNT) })
  .meta({ id: 'DigestSums' });

/** A row's name and number. */
export interface NumberedRow {
  readonly kind: ItemKind;
  readonly id: string;
  readonly digest: string;
}

/** The live rows of some buckets. */
export interface RowDigests extends SyncHead {
  readonly rows: readonly NumberedRow[];
}

export const rowDigestsSchema: z.ZodType<RowDigests, unknown> = z
  .object({
    ...headShape,
    rows: z.array(z.object({ kind: itemKindSchema, id: itemIdSchema, digest: digestSchema })),
  })
  .meta({ id: 'RowDigests' });

/** The live rows that have some numbers. */
export interface GivenRows extends SyncHead {
  readonly rows: readonly WireRow[];
}

export const givenRowsSchema: z.ZodType<GivenRows, unknown> = z
  .object({ ...headShape, rows: z.array(wireRowSchema) })
  .meta({ id: 'GivenRows' });

/** At which version something is asked for: it is answered at that one or not at all. */
interface AtVersion {
  readonly epoch: string;
  readonly version: number;
}

export interface RowDigestsQuery extends AtVersion {
  readonly buckets: readonly string[];
}

export interface RowsQuery extends AtVersion {
  readonly digests: readonly string[];
}

const atVersion = {
  epoch: epochSchema,
  version: wholeNumberText
    .pipe(versionSchema)
    .meta({ description: 'The version that the sums were of', example: 42 }),
};

/** A list within a parameter: sorted and each once, so that the same question has the same name. */
function listText(item: string, max: number, what: string): z.ZodType<readonly string[], unknown> {
  return z
    .string()
    .regex(
      new RegExp(`^${item}(,${item}){0,${max - 1}}$`),
      `must be 1 to ${max} ${what}, with commas between`,
    )
    .transform((text) => [...new Set(text.split(','))].toSorted())
    .meta({ type: 'string' });
}

export const rowDigestsQuerySchema: z.ZodType<RowDigestsQuery, unknown> = z.strictObject({
  ...atVersion,
  buckets: listText('[0-9a-f]{2}', BUCKETS_MAX, 'buckets of two hexadecimal digits').meta({
    description: `The buckets that differ, at most ${BUCKETS_MAX}`,
    example: '0a,ff',
  }),
});

export const rowsQuerySchema: z.ZodType<RowsQuery, unknown> = z.strictObject({
  ...atVersion,
  digests: listText('[0-9a-f]{16}', ROWS_MAX, 'numbers of rows, 16 hexadecimal digits each').meta({
    description: `The numbers of the rows that are wanted, at most ${ROWS_MAX}`,
    example: '9f86d081884c7d65',
  }),
});
