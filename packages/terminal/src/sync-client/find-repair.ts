import type { Cursor } from '@tillcast/protocol/cursor';
import { rowDigest } from '@tillcast/protocol/digest';
import { BucketSums, bucketOf, differingBuckets, digestOfBuckets } from '@tillcast/protocol/digest-buckets';
import { asTillcastError, type ErrorCode } from '@tillcast/protocol/errors';
import {
  BUCKETS_MAX,
  type DigestSums,
  type GivenRows,
  type NumberedRow,
  ROWS_MAX,
  type RowDigests,
} from '@tillcast/protocol/http/repair-api';
import type { Row } from '@tillcast/protocol/items/item';
import { rowOfWire } from '@tillcast/protocol/messages/edits';
import type { Exchanged } from './exchange.ts';
import type { Pulled } from './sync-client.ts';

/** The questions of a repair. */
export interface RepairQuestions {
  digests(signal: AbortSignal): Promise<Exchanged<DigestSums>>;
  rowDigests(at: Cursor, buckets: readonly string[], signal: AbortSignal): Promise<Exchanged<RowDigests>>;
  rows(at: Cursor, digests: readonly string[], signal: AbortSignal): Promise<Exchanged<GivenRows>>;
}

/** All that the till holds, numbered from the texts; null where it cannot be told. May reject. */
export type OurRows = (signal: AbortSignal) => Promise<readonly NumberedRow[] | null>;

/** What came of a repair. */
export type Repaired =
  | Exchanged<Pulled>
  /** Only the snapshot helps. */
  | { readonly outcome: 'givenUp'; readonly why: string };

/** Where more rows are wrong, the snapshot is less. */
const WANTED_MAX = 5 * ROWS_MAX;
/** A catalog that changes while it is asked about is asked about again, so often. */
const TRIES = 5;

/** The server's answers that say that this way leads nowhere: an older one knows nothing of it. */
const LEADS_NOWHERE: readonly ErrorCode[] = [
  'not_found',
  'method_not_allowed',
  'request_invalid',
  'answer_invalid',
];

/**
 * Finds out which rows are not the server's: by the sums of 256 buckets, then by the numbers of the rows in those
 * that differ; and gets the rows themselves, each known by its number. The rows lead to the version that the server
 * has now, whatever ours was. Never rejects.
 */
export async function findRepair(
  ask: RepairQuestions,
  ours: OurRows,
  nowMs: () => number,
  signal: AbortSignal,
): Promise<Repaired> {
  try {
    const held = await ours(signal);
    if (held === null) return givenUp('what this till holds changed while it was read');
    for (let tries = 0; tries < TRIES; tries += 1) {
      const askedAtMs = nowMs();
      const repaired = await findOnce(ask, held, askedAtMs, signal);
      if (!hasMoved(repaired)) return repaired;
    }
    return givenUp(`the catalog changed ${TRIES} times while it was compared`);
  } catch (error) {
    return { outcome: 'failed', error: asTillcastError(error) };
  }
}

async function findOnce(
  ask: RepairQuestions,
  held: readonly NumberedRow[],
  askedAtMs: number,
  signal: AbortSignal,
): Promise<Repaired> {
  const told = await ask.digests(signal);
  if (told.outcome !== 'answered') return unanswered(told);
  const { sums, epoch, version, digest } = told.answer;
  if (digestOfBuckets(sums) !== digest) return givenUp('the sums are not those of the digest');
  const to: Cursor = { epoch, version, digest };
  const buckets = differingBuckets(sumsOf(held), sums);
  if (buckets.length > BUCKETS_MAX) return givenUp(`${buckets.length} of ${sums.length} buckets differ`);
  if (buckets.length === 0) return { outcome: 'answered', answer: { to, rows: [], askedAtMs } };

  const listed = await ask.rowDigests(to, buckets, signal);
  if (listed.outcome !== 'answered') return unanswered(listed);
  const theirs = listed.answer.rows;
  if (!isAt(to, listed.answer) || !isWhole(theirs, buckets, sums))
    return givenUp('the rows of the buckets are not those of the sums');

  const { wanted, extra } = compare(held, theirs, new Set(buckets));
  if (wanted.size > WANTED_MAX) return givenUp(`${wanted.size} rows differ`);
  const rows: Row[] = extra.map(({ kind, id }) => ({ kind, id, body: null }));
  const digests = [...wanted.keys()];
  for (let from = 0; from < digests.length; from += ROWS_MAX) {
    const some = digests.slice(from, from + ROWS_MAX);
    const given = await ask.rows(to, some, signal);
    if (given.outcome !== 'answered') return unanswered(given);
    const found = isAt(to, given.answer) ? asWanted(given.answer, some, wanted) : null;
    if (found === null) return givenUp('other rows came than were asked for');
    rows.push(...found);
  }
  return { outcome: 'answered', answer: { to, rows, askedAtMs } };
}

function sumsOf(rows: readonly NumberedRow[]): readonly string[] {
  const sums = new BucketSums();
  for (const { digest } of rows) sums.add(digest);
  return sums.toArray();
}

/** Whether these are rows of those buckets alone, and add up to their sums. */
function isWhole(rows: readonly NumberedRow[], buckets: readonly string[], sums: readonly string[]): boolean {
  const asked = new Set(buckets);
  if (rows.some(({ digest }) => !asked.has(bucketOf(digest)))) return false;
  const added = sumsOf(rows);
  return !differingBuckets(added, sums).some((bucket) => asked.has(bucket));
}

/** What of theirs is not here, by its number, and what is here and not theirs. */
function compare(
  held: readonly NumberedRow[],
  theirs: readonly NumberedRow[],
  buckets: ReadonlySet<string>,
): { readonly wanted: ReadonlyMap<string, NumberedRow>; readonly extra: readonly NumberedRow[] } {
  const suspects = held.filter(({ digest }) => buckets.has(bucketOf(digest)));
  const have = new Set(suspects.map(({ digest }) => digest));
  const known = new Set(theirs.map(nameOf));
  const wanted = theirs.filter(({ digest }) => !have.has(digest));
  return {
    wanted: new Map(wanted.map((row) => [row.digest, row])),
    extra: suspects.filter((row) => !known.has(nameOf(row))),
  };
}

/** The rows, where each is one that was asked for and none is missing. */
function asWanted(
  given: GivenRows,
  digests: readonly string[],
  wanted: ReadonlyMap<string, NumberedRow>,
): readonly Row[] | null {
  const found = new Map<string, Row>();
  for (const wire of given.rows) {
    const row = rowOfWire(wire);
    const digest = rowDigest(row.kind, row.id, row.body ?? '');
    const expected = wanted.get(digest);
    if (expected === undefined || nameOf(expected) !== nameOf(row)) return null;
    found.set(digest, row);
  }
  const rows = digests.flatMap((digest) => found.get(digest) ?? []);
  return rows.length === digests.length && found.size === digests.length ? rows : null;
}

function nameOf({ kind, id }: { readonly kind: string; readonly id: string }): string {
  return `${kind}\0${id}`;
}

function isAt(to: Cursor, { epoch, version, digest }: Cursor): boolean {
  return epoch === to.epoch && version === to.version && digest === to.digest;
}

function givenUp(why: string): Repaired {
  return { outcome: 'givenUp', why };
}

function hasMoved(repaired: Repaired): boolean {
  return repaired.outcome === 'failed' && repaired.error.code === 'version_moved';
}

function unanswered(exchanged: Exclude<Exchanged<unknown>, { outcome: 'answered' }>): Repaired {
  if (exchanged.outcome === 'historyGone') return givenUp('the server has begun another history');
  if (exchanged.outcome === 'failed' && LEADS_NOWHERE.includes(exchanged.error.code))
    return givenUp(exchanged.error.message);
  return exchanged;
}
