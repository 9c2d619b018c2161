import type { Logger } from '@tillcast/broker';
import { IDENTITY_PATHS } from '@tillcast/protocol/http/identity-api';
import { LRUCache } from 'lru-cache';
import { type AuditedAct, appendAudit } from '../audit/append-audit.ts';
import type { Database } from '../database/database.ts';
import type { App } from './app-types.ts';
import { addressKey } from './limits/address-key.ts';
import { errorOfRequest } from './problems.ts';

const INTERVAL_MS = 10_000;
const LONGEST_INTERVAL_MS = 3_600_000;
/** Named one by one each time; the others are told as a sum, so that made-up addresses fill nothing. */
const MAX_NAMED = 5;
/** Beyond these, the longest silent ones are told apart no longer. */
const MAX_SOURCES = 10_000;

const STATUSES: ReadonlySet<number> = new Set([401, 403, 413, 415, 429]);
/** What these paths refuse themselves stands in the audit log under their own names. */
const SELF_AUDITED: readonly (string | undefined)[] = [IDENTITY_PATHS.activate, IDENTITY_PATHS.token];
const SELF_AUDITED_STATUSES: ReadonlySet<number> = new Set([401, 403]);

interface Source {
  readonly address: string;
  readonly code: string;
  /** The limit that was used up; null where it is no limit that refused. */
  readonly policy: string | null;
  unwritten: number;
  writtenAtMs: number;
  intervalMs: number;
}

/**
 * Refusals in the audit log as `request.refused`: of one address, code and limit one entry in ten seconds at first,
 * and ever fewer while it goes on, down to one an hour, each with how many there were since the one before.
 * They are written together, and no answer waits for it.
 */
export class RefusedRequests {
  readonly #database: Database;
  readonly #now: () => Date;
  readonly #logger: Logger;
  readonly #intervalMs: number;
  readonly #sources = new LRUCache<string, Source>({ max: MAX_SOURCES });
  #timer: NodeJS.Timeout | null = null;
  #writing: Promise<void> = Promise.resolve();

  constructor(options: {
    readonly database: Database;
    readonly now: () => Date;
    readonly logger: Logger;
    /** How long refusals are gathered. Default 10,000. */
    readonly intervalMs?: number;
  }) {
    this.#database = options.database;
    this.#now = options.now;
    this.#logger = options.logger;
    this.#intervalMs = options.intervalMs ?? INTERVAL_MS;
  }

  /** Notes what this server refuses, until it closes. */
  watch(app: App, policyOf: (request: object) => string | null): void {
    app.addHook('onError', async (request, _reply, cause) => {
      const { status, code } = errorOfRequest(cause);
      if (!STATUSES.has(status)) return;
      const { url } = request.routeOptions;
      if (SELF_AUDITED.includes(url) && SELF_AUDITED_STATUSES.has(status)) return;
      this.note(request.ip, code, policyOf(request));
    });
    app.addHook('onClose', () => this.stop());
  }

  note(address: string, code: string, policy: string | null): void {
    const nowMs = this.#now().getTime();
    const name = `${addressKey(address)} ${code} ${policy ?? ''}`;
    const source = this.#sources.get(name) ?? {
      address,
      code,
      policy,
      unwritten: 0,
      writtenAtMs: 0,
      intervalMs: 0,
    };
    this.#sources.set(name, source);
    // It has been quiet for longer than it would have waited: this is something new.
    if (Math.abs(nowMs - source.writtenAtMs) > 2 * source.intervalMs) source.intervalMs = 0;
    source.unwritten += 1;
    this.#timer ??= setTimeout(() => this.#tick(), this.#intervalMs).unref();
  }

  /** Writes what is left. */
  async stop(): Promise<void> {
    if (this.#timer !== null) clearTimeout(this.#timer);
    this.#timer = null;
    await this.#writing;
    await this.#write('all');
  }

  #tick(): void {
    this.#writing = this.#write('due').then(() => {
      const more = [...this.#sources.values()].some(({ unwritten }) => unwritten > 0);
      this.#timer = more ? setTimeout(() => this.#tick(), this.#intervalMs).unref() : null;
    });
  }

  async #write(which: 'due' | 'all'): Promise<void> {
    const now = this.#now();
    const nowMs = now.getTime();
    const written = [...this.#sources.values()]
      .filter(
        ({ unwritten, writtenAtMs, intervalMs }) =>
          unwritten > 0 && (which === 'all' || Math.abs(nowMs - writtenAtMs) >= intervalMs),
      )
      .toSorted((a, b) => b.unwritten - a.unwritten)
      .map((source) => ({ source, count: source.unwritten }));
    if (written.length === 0) return;
    try {
      await this.#database.transaction(async (session) => {
        for (const entry of entriesOf(written)) await appendAudit(session, entry, now);
      });
    } catch (error) {
      // They stay noted, and are written when the database is back.
      this.#logger.warn({ err: error }, 'Refused requests could not be written to the audit log');
      return;
    }
    for (const { source, count } of written) {
      source.unwritten -= count;
      source.writtenAtMs = nowMs;
      source.intervalMs = Math.min(Math.max(2 * source.intervalMs, INTERVAL_MS), LONGEST_INTERVAL_MS);
    }
  }
}

function entriesOf(
  written: readonly { readonly source: Source; readonly count: number }[],
): readonly AuditedAct[] {
  const act = 'request.refused';
  const named = written
    .slice(0, MAX_NAMED)
    .map(({ source: { address, code, policy }, count }): AuditedAct => {
      return { actor: `address ${address}`, act, subject: null, detail: { code, policy, count } };
    });
  const others = written.slice(MAX_NAMED);
  if (others.length === 0) return named;
  const count = others.reduce((sum, each) => sum + each.count, 0);
  const codes = [...new Set(others.map(({ source }) => source.code))].toSorted().join(' ');
  return [
    ...named,
    { actor: 'system', act, subject: null, detail: { codes, sources: others.length, count } },
  ];
}
