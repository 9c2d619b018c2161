import {
  deltaBody,
  digestsBody,
  fullDataBody,
  pageToken,
  parsePageToken,
  refusalOf,
  rowDigestsBody,
  rowsBody,
  standingOf,
  syncHead,
  wireRowText,
} from '@tillcast/backend/internals';
import { BucketSums, bucketOf } from '@tillcast/protocol/digest-buckets';
import { asTillcastError, TillcastError } from '@tillcast/protocol/errors';
import { problemOf } from '@tillcast/protocol/http/problem';
import { rowDigestsQuerySchema, rowsQuerySchema } from '@tillcast/protocol/http/repair-api';
import { deltaQuerySchema, LICENSE_KEY_HEADER, SYNC_PATHS } from '@tillcast/protocol/http/sync-api';
import { ITEM_KINDS } from '@tillcast/protocol/items/kind';
import { parseLicenseKey } from '@tillcast/protocol/license-key';
import { headOf, type MemoryDatabase, type MemoryLicense, type StoredRow } from './memory-database.ts';

/** A question as it arrives. */
export interface SimulatedRequest {
  readonly method: string;
  readonly url: URL;
  readonly headers: Readonly<Record<string, string>>;
}

/** An answer as it leaves. */
export interface SimulatedAnswer {
  readonly status: number;
  readonly body: string;
}

/** The sync API over a database in memory: its bodies are made by the product's own serializer. */
export class SimulatedSyncApi {
  readonly #database: () => MemoryDatabase;
  readonly #now: () => Date;
  readonly #pageRows: number;

  constructor(options: { database: () => MemoryDatabase; now: () => Date; pageRows: number }) {
    this.#database = options.database;
    this.#now = options.now;
    this.#pageRows = options.pageRows;
  }

  answer(request: SimulatedRequest): SimulatedAnswer {
    try {
      return { status: 200, body: this.#bodyOf(request) };
    } catch (error) {
      const known = asTillcastError(error);
      return { status: known.status, body: JSON.stringify(problemOf(known, 'simulated')) };
    }
  }

  #bodyOf({ url, headers }: SimulatedRequest): string {
    const license = this.#admit(headers[LICENSE_KEY_HEADER]);
    const now = this.#now();
    switch (url.pathname) {
      case SYNC_PATHS.fullData:
        return fullDataBody({ ...headOf(license), lists: listsOf(license) }, now);
      case SYNC_PATHS.changes:
        return deltaBody(this.#deltaPage(license, url.searchParams), now);
      case SYNC_PATHS.digests:
        return digestsBody({ ...headOf(license), sums: sumsOf(license) }, now);
      case SYNC_PATHS.rowDigests: {
        const { buckets, ...at } = rowDigestsQuerySchema.parse(Object.fromEntries(url.searchParams));
        refuseOther(at, license);
        const rows = liveOf(license)
          .filter(({ digest }) => buckets.includes(bucketOf(digest)))
          .map(({ kind, id, digest }) => ({ kind, id, digest }));
        return rowDigestsBody({ ...headOf(license), rows }, now);
      }
      case SYNC_PATHS.rows: {
        const { digests, ...at } = rowsQuerySchema.parse(Object.fromEntries(url.searchParams));
        refuseOther(at, license);
        const texts = liveOf(license)
          .filter(({ digest }) => digests.includes(digest))
          .map(wireRowText);
        return rowsBody({ ...headOf(license), rows: `[${texts.join(',')}]` }, now);
      }
      case SYNC_PATHS.status:
        return JSON.stringify({ ...syncHead(headOf(license), now), ...standingOf(standing(license), now) });
      default:
        throw new TillcastError('not_found', `There is nothing at ${url.pathname}.`);
    }
  }

  #admit(header: string | undefined): MemoryLicense {
    const key = parseLicenseKey(header);
    const license = this.#database().find(key);
    if (license === null) throw new TillcastError('license_unknown', `License ${key} is not known here.`);
    const refusal = refusalOf(standingOf(standing(license), this.#now()));
    if (refusal !== null) throw refusal;
    return license;
  }

  /** As `readDeltaPage` reads it from SQL. */
  #deltaPage(license: MemoryLicense, parameters: URLSearchParams): Parameters<typeof deltaBody>[0] {
    const { epoch, since, page, limit } = deltaQuerySchema.parse(Object.fromEntries(parameters));
    if (epoch !== license.epoch || since > license.version || since < license.historyFloor) {
      throw new TillcastError('history_gone', 'This history cannot be continued.');
    }
    const after = page === undefined ? null : parsePageToken(page);
    const rows = [...license.items.values()]
      .filter((row) => (after === null ? row.version > since : comesAfter(row, after)))
      .toSorted(byPosition);
    const some = rows.slice(0, Math.min(limit, this.#pageRows));
    const last = some.at(-1);
    const next = rows.length > some.length && last !== undefined ? pageToken(last) : null;
    const changes = `[${some.map(wireRowText).join(',')}]`;
    return { ...headOf(license), since, changes, next };
  }
}

/** As the repair's routes do it: at exactly the version that was asked for, or not at all. */
function refuseOther(asked: { readonly epoch: string; readonly version: number }, now: MemoryLicense): void {
  if (asked.epoch !== now.epoch) throw new TillcastError('history_gone', 'There is no such history here.');
  if (asked.version !== now.version) throw new TillcastError('version_moved', 'The catalog has moved on.');
}

function liveOf(license: MemoryLicense): readonly (StoredRow & { readonly digest: string })[] {
  return [...license.items.values()].flatMap((row) =>
    row.digest === null ? [] : [{ ...row, digest: row.digest }],
  );
}

function sumsOf(license: MemoryLicense): readonly string[] {
  const sums = new BucketSums();
  for (const { digest } of liveOf(license)) sums.add(digest);
  return sums.toArray();
}

function standing(license: MemoryLicense): Parameters<typeof standingOf>[0] {
  return { key: license.key, status: license.status, validUntil: null };
}

function listsOf(license: MemoryLicense): Parameters<typeof fullDataBody>[0]['lists'] {
  const lists = { category: '[]', modifier: '[]', product: '[]', table: '[]', user: '[]' };
  for (const kind of ITEM_KINDS) {
    const bodies = [...license.items.values()]
      .filter((row) => row.kind === kind && row.body !== null)
      .toSorted((a, b) => (a.id < b.id ? -1 : 1))
      .map(({ body }) => body ?? '');
    lists[kind] = `[${bodies.join(',')}]`;
  }
  return lists;
}

type Position = Pick<StoredRow, 'version' | 'kind' | 'id'>;

function byPosition(a: Position, b: Position): number {
  if (a.version !== b.version) return a.version - b.version;
  if (a.kind !== b.kind) return a.kind < b.kind ? -1 : 1;
  return a.id < b.id ? -1 : a.id > b.id ? 1 : 0;
}

function comesAfter(row: Position, position: Position): boolean {
  return byPosition(row, position) > 0;
}
