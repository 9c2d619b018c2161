import { copyFileSync, readFileSync, writeFileSync } from 'node:fs';
import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { DatabaseSync } from 'node:sqlite';
import { silentLogger } from '@tillcast/broker';
import { SYNC_PATHS } from '@tillcast/protocol/http/sync-api';
import { statusOf, type TerminalStatusWord } from '@tillcast/protocol/replica/status';
import { expect, vi } from 'vitest';
import {
  LICENSE,
  openTestApp,
  TERMINAL_ID,
  type TestApp,
} from '../../packages/backend/test/http/test-app.ts';
import { Counters } from '../../packages/terminal/src/replica/counters.ts';
import { ReplicaDriver } from '../../packages/terminal/src/replica/driver.ts';
import { systemTillClock, type TillClock } from '../../packages/terminal/src/replica/till-clock.ts';
import { TillStore } from '../../packages/terminal/src/store/till-store.ts';
import { SyncClient } from '../../packages/terminal/src/sync-client/sync-client.ts';

/** How often each path was asked for, and how many rows came from `rows`. */
export interface Asked {
  readonly paths: string[];
  rows: number;
}

/** What is done between a till and its server. */
export interface Between {
  /** Before a question goes on. */
  before?(path: string): Promise<void>;
  /** The answer that arrives in the place of the server's. */
  distort?(path: string, answer: unknown): unknown;
}

/** Idle work is waited for minutes, or at least longer than any report: here it comes at once. */
const IMPATIENT: TillClock = {
  ...systemTillClock,
  after: (delayMs, callback) => systemTillClock.after(delayMs >= 15_000 ? 20 : delayMs, callback),
};

/** A backend with many products, and a till's file that holds them all. */
export class RottingTills implements AsyncDisposable {
  readonly app: TestApp;
  readonly url: string;
  readonly folder: string;
  readonly #sound: string;
  #files = 0;

  private constructor(app: TestApp, url: string, folder: string) {
    this.app = app;
    this.url = url;
    this.folder = folder;
    this.#sound = join(folder, 'sound.sqlite');
  }

  static async set(products: number): Promise<RottingTills> {
    const app = await openTestApp();
    const lines = Array.from({ length: products }, (_, index) => {
      const id = `P${String(index).padStart(6, '0')}`;
      return JSON.stringify({
        op: 'put',
        kind: 'product',
        item: { id, name: `Thing ${id}`, price: 2.5, currency: 'GBP' },
      });
    });
    const answer = await app.app.inject({
      method: 'POST',
      url: `/api/v1/admin/licenses/${LICENSE}/import`,
      headers: {
        authorization: 'Bearer test-key-of-more-than-22-characters',
        'content-type': 'application/x-ndjson',
      },
      payload: lines.join('\n'),
    });
    expect(answer.statusCode, answer.body.slice(0, 500)).toBe(200);
    const url = await app.app.listen({ host: '127.0.0.1', port: 0 });
    const set = new RottingTills(app, url, await mkdtemp(join(tmpdir(), 'tillcast-rot-')));
    await using till = set.open(set.#sound);
    await till.isMended();
    expect(till.asked.paths.filter((path) => path === SYNC_PATHS.fullData)).toHaveLength(1);
    return set;
  }

  /** A till's file with everything in it, and then with what `rot` did to it. */
  file(rot: (path: string) => void): string {
    const path = join(this.folder, `till-${(this.#files += 1)}.sqlite`);
    copyFileSync(this.#sound, path);
    rot(path);
    return path;
  }

  /** A till that runs on a file. */
  open(path: string, between: Between = {}): RottingTill {
    return new RottingTill(path, this.url, between);
  }

  async [Symbol.asyncDispose](): Promise<void> {
    await this.app[Symbol.asyncDispose]();
    await rm(this.folder, { recursive: true, force: true });
  }
}

/** A till's replica and store without a broker, whose requests are counted. */
export class RottingTill implements AsyncDisposable {
  readonly asked: Asked = { paths: [], rows: 0 };
  readonly store: TillStore;
  readonly counters: Counters = new Counters();
  readonly setAside: string[] = [];
  readonly #driver: ReplicaDriver;

  constructor(path: string, baseUrl: string, between: Between) {
    this.store = new TillStore({
      path,
      licenseKey: LICENSE,
      onSetAside: ({ reason }) => this.setAside.push(reason),
    });
    const headers = { 'x-license-key': LICENSE, 'x-terminal-id': TERMINAL_ID };
    const client = new SyncClient(
      {
        baseUrl,
        licenseKey: LICENSE,
        credentials: { headers: async () => headers, isOutdated: () => false },
        fetch: (url, init) => this.#fetch(String(url), init, between),
      },
      () => IMPATIENT.steadyMs(),
    );
    this.#driver = new ReplicaDriver({
      licenseKey: LICENSE,
      store: this.store,
      client,
      keys: { find: () => null, unknown: () => null },
      clock: IMPATIENT,
      random: Math.random,
      unsentSales: () => 0,
      counters: this.counters,
      logger: silentLogger,
      onNews: () => undefined,
      onDeafLine: () => undefined,
    });
    this.#driver.start();
    this.#driver.attached();
  }

  get status(): TerminalStatusWord {
    return statusOf(this.#driver.state, IMPATIENT.steadyMs(), 0).status;
  }

  /** Waits until it holds something, in no doubt and with nothing under way. */
  async isMended(): Promise<void> {
    await vi.waitFor(
      () => {
        const { name, suspect, cursor } = this.#driver.state;
        expect({ name, suspect, has: cursor !== null }).toEqual({
          name: 'following',
          suspect: false,
          has: true,
        });
      },
      { timeout: 60_000, interval: 20 },
    );
  }

  countAsked(path: string): number {
    return this.asked.paths.filter((asked) => asked === path).length;
  }

  /** Requests for content: reports are asked for anyway. */
  get requests(): readonly string[] {
    return this.asked.paths.filter((path) => path !== SYNC_PATHS.status);
  }

  async [Symbol.asyncDispose](): Promise<void> {
    await this.#driver.stop();
    this.store.close();
  }

  async #fetch(url: string, init: RequestInit | undefined, between: Between): Promise<Response> {
    const path = new URL(url).pathname;
    this.asked.paths.push(path);
    await between.before?.(path);
    const response = await fetch(url, init);
    if (path !== SYNC_PATHS.rows && between.distort === undefined) return response;
    const json: unknown = await response.json();
    if (path === SYNC_PATHS.rows && isListing(json)) this.asked.rows += json.rows.length;
    const answer = response.ok ? (between.distort?.(path, json) ?? json) : json;
    const { status } = response;
    return new Response(JSON.stringify(answer), { status, headers: { 'content-type': 'application/json' } });
  }
}

function isListing(json: unknown): json is { readonly rows: readonly unknown[] } {
  return typeof json === 'object' && json !== null && 'rows' in json && Array.isArray(json.rows);
}

/** Does something to a file by SQL, as no program of ours does. */
export function bySql(path: string, sql: string): void {
  const db = new DatabaseSync(path);
  db.exec(sql);
  db.close();
}

/** Flips one bit within the text that names a product. */
export function flipByte(path: string, id: string): void {
  const bytes = readFileSync(path);
  const at = bytes.indexOf(`"name":"Thing ${id}"`);
  if (at === -1) throw new Error(`The file holds no product ${id}.`);
  const inName = at + '"name":"Th'.length;
  bytes[inName] = (bytes[inName] ?? 0) ^ 1;
  writeFileSync(path, bytes);
}
