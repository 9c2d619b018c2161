import {
  ActiveNotices,
  AnswerCache,
  cacheKey,
  deltaBody,
  digestsBody,
  fullDataBody,
  isCloned,
  isSameRun,
  judgeInstance,
  type Keeping,
  LicenseGate,
  type LicenseState,
  rowDigestsBody,
  rowsBody,
  standingOf,
  syncHead,
  wireRowText,
} from '@tillcast/backend/internals';
import { bucketOf } from '@tillcast/protocol/digest-buckets';
import { asTillcastError, TillcastError } from '@tillcast/protocol/errors';
import { problemOf } from '@tillcast/protocol/http/problem';
import { rowDigestsQuerySchema, rowsQuerySchema } from '@tillcast/protocol/http/repair-api';
import { SALES_PATH } from '@tillcast/protocol/http/sales-api';
import { type StatusAnswer, statusReportSchema, type TillInstance } from '@tillcast/protocol/http/status-api';
import {
  deltaQuerySchema,
  LICENSE_KEY_HEADER,
  SYNC_PATHS,
  TERMINAL_ID_HEADER,
} from '@tillcast/protocol/http/sync-api';
import type { AnswerWatch } from './answer-watch.ts';
import { headOf, type MemoryDatabase, type MemoryHead, type MemoryLicense } from './memory-database.ts';
import type { Random } from './random.ts';
import { SalesDesk } from './sales-desk.ts';
import type { SalesTruth } from './sales-truth.ts';
import type { Surroundings } from './surroundings.ts';
import { deltaPageOf, listsOf, liveOf, stateOf, sumsOf } from './sync-reads.ts';

/** A question as it arrives. */
export interface SimulatedRequest {
  readonly method: string;
  readonly url: URL;
  readonly headers: Readonly<Record<string, string>>;
  readonly body: string | null;
}

/** An answer as it leaves. */
export interface SimulatedAnswer {
  readonly status: number;
  readonly body: Uint8Array;
}

export interface SimulatedSyncApiOptions {
  readonly name: string;
  /** The one that there is at the moment. */
  readonly database: () => MemoryDatabase;
  readonly pageRows: number;
  readonly watch: AnswerWatch;
  readonly sales: SalesTruth;
}

/** Far more than a run asks for. */
const CACHE_MAX_BYTES = 64 * 1_024 * 1_024;

/**
 * One backend's sync API over a database in memory: the product's own gate, cache of answers, notices and bodies.
 * The database is at the end of a line on which questions take time and may be lost.
 */
export class SimulatedSyncApi {
  readonly #options: SimulatedSyncApiOptions;
  readonly #surroundings: Surroundings;
  readonly #random: Random;
  readonly #gate: LicenseGate;
  readonly #cache = new AnswerCache({ maxBytes: CACHE_MAX_BYTES });
  readonly #now: () => Date;
  readonly #sales: SalesDesk;
  #notices: ActiveNotices | null = null;

  constructor(surroundings: Surroundings, options: SimulatedSyncApiOptions) {
    this.#options = options;
    this.#surroundings = surroundings;
    this.#random = surroundings.random.fork(`database of ${options.name}`);
    this.#now = () => new Date(surroundings.wallMs());
    this.#sales = new SalesDesk(surroundings, { ...options, truth: options.sales });
    this.#gate = new LicenseGate({
      find: (key) => this.#ask((database) => stateOf(database, key)),
      tokens: { verify: () => Promise.reject(new TillcastError('token_invalid', 'There are no tokens.')) },
      auth: 'license-key',
      now: this.#now,
    });
  }

  /** Listens to the database that there is now: at the beginning, and when another one was put in its place. */
  start(): void {
    const { database } = this.#options;
    const listened = database();
    const { scheduler } = this.#surroundings;
    const notices = new ActiveNotices(
      {
        readActive: () => this.#ask((current) => current.broadcasts.active()),
        listen: (onOthers) => {
          const tell = (): void => void scheduler.after(this.#random.between(0.1, 4), onOthers);
          const leave = listened.listen({ onChange: () => undefined, onAnything: tell });
          return Promise.resolve(() => Promise.resolve(leave()));
        },
      },
      this.#now,
      () => scheduler.nowMs,
    );
    this.#notices = notices;
    void notices.start();
  }

  /** Never rejects. */
  async answer(request: SimulatedRequest): Promise<SimulatedAnswer> {
    const { watch } = this.#options;
    const path = request.url.pathname;
    const arrival = watch.asked(request.headers[LICENSE_KEY_HEADER] ?? '');
    try {
      if (path === SALES_PATH) return { status: 200, body: await this.#sales.take(request) };
      const body = await this.#bodyOf(request);
      watch.answered(path, arrival, body);
      return { status: 200, body };
    } catch (error) {
      const known = asTillcastError(error);
      return { status: known.status, body: Buffer.from(JSON.stringify(problemOf(known, 'simulated'))) };
    }
  }

  async #bodyOf(request: SimulatedRequest): Promise<Uint8Array> {
    const { url, headers } = request;
    const { license } = await this.#gate.admit({ licenseKey: headers[LICENSE_KEY_HEADER] });
    const query = Object.fromEntries(url.searchParams);
    switch (url.pathname) {
      case SYNC_PATHS.fullData:
        return this.#send(license, 'full', 'part', (now) =>
          fullDataBody({ ...headOf(now), lists: listsOf(now) }, this.#now()),
        );
      case SYNC_PATHS.changes:
        return this.#sendDelta(license, query);
      case SYNC_PATHS.digests:
        return this.#send(license, 'digests', 'part', (now) =>
          digestsBody({ ...headOf(now), sums: sumsOf(now) }, this.#now()),
        );
      case SYNC_PATHS.rowDigests: {
        const { buckets, ...at } = rowDigestsQuerySchema.parse(query);
        return this.#sendAt(license, at, `buckets ${buckets.join()}`, (now) => {
          const rows = liveOf(now)
            .filter(({ digest }) => buckets.includes(bucketOf(digest)))
            .map(({ kind, id, digest }) => ({ kind, id, digest }));
          return rowDigestsBody({ ...headOf(now), rows }, this.#now());
        });
      }
      case SYNC_PATHS.rows: {
        const { digests, ...at } = rowsQuerySchema.parse(query);
        return this.#sendAt(license, at, `rows ${digests.join()}`, (now) => {
          const texts = liveOf(now)
            .filter(({ digest }) => digests.includes(digest))
            .map(wireRowText);
          return rowsBody({ ...headOf(now), rows: `[${texts.join(',')}]` }, this.#now());
        });
      }
      case SYNC_PATHS.status:
        return this.#heard(license, headers[TERMINAL_ID_HEADER] ?? '', request.body);
      default:
        throw new TillcastError('not_found', `There is nothing at ${url.pathname}.`);
    }
  }

  /** As the routes do it: from the cache, by where the license stood when it was asked; else read as it is now. */
  async #send(
    license: LicenseState,
    part: string,
    keeping: Keeping,
    read: (now: MemoryLicense) => string,
  ): Promise<Uint8Array> {
    const asked = { licenseId: license.id, key: cacheKey(license, license, part), keeping };
    const finished = await this.#cache.get(asked, 'identity', () =>
      this.#ask((database) => {
        const now = database.get(license.id);
        return { key: cacheKey(license, now, part), etag: null, body: read(now) };
      }),
    );
    return finished.body;
  }

  #sendDelta(license: LicenseState, query: Readonly<Record<string, string>>): Promise<Uint8Array> {
    const asked = deltaQuerySchema.parse(query);
    const { epoch, since, page } = asked;
    if (epoch === license.epoch && since === license.version && page === undefined) {
      const head = { ...license, licenseKey: license.key };
      return Promise.resolve(
        Buffer.from(deltaBody({ ...head, since, changes: '[]', next: null }, this.#now())),
      );
    }
    const limit = Math.min(asked.limit, this.#options.pageRows);
    const part = `changes ${epoch} ${since} ${limit} ${page ?? ''}`;
    return this.#send(license, part, 'page', (now) =>
      deltaBody(deltaPageOf(now, { ...asked, limit }), this.#now()),
    );
  }

  /** As the repair's routes do it: at exactly the version that was asked for, or not at all. */
  #sendAt(
    license: LicenseState,
    at: Pick<MemoryHead, 'epoch' | 'version'>,
    part: string,
    read: (now: MemoryLicense) => string,
  ): Promise<Uint8Array> {
    refuseOther(at, license);
    return this.#send(license, part, 'odd', (now) => {
      refuseOther(at, now);
      return read(now);
    });
  }

  async #heard(license: LicenseState, terminalId: string, body: string | null): Promise<Uint8Array> {
    const report = statusReportSchema.parse(JSON.parse(body ?? 'null'));
    const cloned = await this.#ask((database) => this.#isCloned(database, terminalId, report.instance));
    const notices =
      report.notices === undefined ? {} : { notices: await this.#notices?.without(report.notices) };
    const now = this.#now();
    const head = syncHead({ ...license, licenseKey: license.key }, now);
    const answer: StatusAnswer = { ...head, ...standingOf(license, now), ...notices, cloned };
    this.#options.watch.told(terminalId, report.instance, cloned);
    return Buffer.from(JSON.stringify(answer));
  }

  /** As the fleet does it in one transaction. */
  #isCloned(database: MemoryDatabase, terminalId: string, said: TillInstance | undefined): boolean {
    const now = this.#now();
    const before = database.heard.get(terminalId) ?? null;
    if (said === undefined || isSameRun(before, said)) return isCloned(before?.clonedAt ?? null, now);
    const { heard } = judgeInstance(before, said, now);
    database.heard.set(terminalId, heard);
    return isCloned(heard.clonedAt, now);
  }

  #ask<T>(work: (database: MemoryDatabase) => T): Promise<T> {
    const { scheduler, rates } = this.#surroundings;
    const fate = this.#random.next();
    const [there, back] = [this.#random.between(0.1, 4), this.#random.between(0.1, 4)];
    return new Promise((resolve, reject) => {
      scheduler.after(there, () => {
        if (fate < rates().databaseError) {
          reject(new TillcastError('database_unavailable', 'The simulated database is away.'));
          return;
        }
        try {
          const found = work(this.#options.database());
          scheduler.after(back, () => resolve(found));
        } catch (error) {
          reject(error);
        }
      });
    });
  }
}

function refuseOther(asked: Pick<MemoryHead, 'epoch' | 'version'>, now: typeof asked): void {
  if (asked.epoch !== now.epoch) throw new TillcastError('history_gone', 'There is no such history here.');
  if (asked.version !== now.version) throw new TillcastError('version_moved', 'The catalog has moved on.');
}
