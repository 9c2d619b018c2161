import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { silentLogger } from '@tillcast/broker';
import type { TillcastError } from '@tillcast/protocol/errors';
import { type Problem, problemSchema } from '@tillcast/protocol/http/problem';
import { type LicenseKey, parseLicenseKey } from '@tillcast/protocol/license-key';
import { placeEmbeddedDatabase } from '@tillcast/testkit';
import { pino } from 'pino';
import { expect } from 'vitest';
import type { ImportBounds } from '../../src/admin-api/import.ts';
import type { Database, Session, Transaction } from '../../src/database/database.ts';
import { openDatabase } from '../../src/database/open-database.ts';
import type { App } from '../../src/http/app-types.ts';
import { createApp } from '../../src/http/create-app.ts';
import type { LimitOptions } from '../../src/http/limits/limit-options.ts';
import type { IdentityOptions } from '../../src/identity/identity-options.ts';
import type { KeyRing } from '../../src/keys/key-ring.ts';
import { ensureLicense } from '../../src/licenses/create-license.ts';
import { BackendMetrics } from '../../src/metrics/metrics.ts';
import { openTestKeyRing } from '../keys/test-key-ring.ts';

export const API_KEY = 'test-key-of-more-than-22-characters';
export const LICENSE: LicenseKey = parseLicenseKey('EXTRO-LIFE-ABC123');
export const OTHER_LICENSE: LicenseKey = parseLicenseKey('EXTRO-LIFE-XYZ789');
export const TERMINAL_ID = '0192f0c1-7a52-7c3e-9d3a-3f1c6f1d2a10';

/** An app on a database of its own, with two licenses, a clock to turn and a count of statements. */
export interface TestApp extends AsyncDisposable {
  readonly app: App;
  readonly database: Database;
  readonly metrics: BackendMetrics;
  readonly keys: KeyRing;
  /** The names of the statements that ran. */
  readonly statements: string[];
  /** What the log said, line by line. */
  readonly log: string[];
  /** Turned by tests. */
  clock: Date;
  brokerTrouble: TillcastError | null;
  get(url: string, headers?: Readonly<Record<string, string>>): Promise<Answer>;
  sync(url: string, headers?: Readonly<Record<string, string>>): Promise<Answer>;
  admin(method: 'GET' | 'POST' | 'PATCH', url: string, payload?: object | string): Promise<Answer>;
  commit(...operations: readonly object[]): Promise<Answer>;
}

/** As a deployment that takes license keys alone, too. */
export const IDENTITY: IdentityOptions = {
  auth: 'license-key',
  issuer: 'https://tillcast.test',
  tokenLifetimeS: 600,
  terminalAmqpUrls: ['amqp://127.0.0.1:5672/tillcast'],
  salesGraceH: 72,
};

export type Answer = Awaited<ReturnType<App['inject']>>;

export async function openTestApp(
  options: {
    readonly importBounds?: ImportBounds;
    readonly identity?: Partial<IdentityOptions>;
    readonly limits?: LimitOptions;
    readonly maxEventLoopDelayMs?: number;
    readonly wakeRevoker?: () => void;
  } = {},
): Promise<TestApp> {
  const directory = await mkdtemp(join(tmpdir(), 'tillcast-http-'));
  await placeEmbeddedDatabase(join(directory, 'database'));
  const opened = await openDatabase({ dataDir: join(directory, 'database') }, { logger: silentLogger });
  const statements: string[] = [];
  const database = counting(opened, statements);
  for (const key of [LICENSE, OTHER_LICENSE]) await ensureLicense(opened, key, { now: () => new Date() });
  const metrics = new BackendMetrics();
  const log: string[] = [];
  const logger = pino({ level: 'debug' }, { write: (line: string) => void log.push(line) });
  const state = { clock: new Date('2026-11-23T14:00:00.000Z'), trouble: null as TillcastError | null };
  const keys = await openTestKeyRing(database, { now: () => state.clock });
  const app = await createApp({
    database,
    metrics,
    logger,
    isApiKey: async (key) => key === API_KEY,
    keys,
    brokerTrouble: () => state.trouble,
    renewBrokerKeys: async () => ({ asked: false, connections_closed: 0, nodes: 0, nodes_left: [] }),
    answerCacheBytes: 32 * 1024 * 1024,
    now: () => state.clock,
    // The machine may be busy with other tests.
    maxEventLoopDelayMs: 60_000,
    ...options,
    identity: { ...IDENTITY, ...options.identity },
  });
  await app.ready();
  const get: TestApp['get'] = async (url, headers = {}) => app.inject({ url, headers });
  const admin: TestApp['admin'] = async (method, url, payload) =>
    app.inject({
      method,
      url,
      headers: {
        authorization: `Bearer ${API_KEY}`,
        ...(typeof payload === 'string' ? { 'content-type': 'application/json' } : {}),
      },
      ...(payload === undefined ? {} : { payload }),
    });
  return {
    app,
    database,
    metrics,
    keys,
    statements,
    log,
    get clock() {
      return state.clock;
    },
    set clock(to: Date) {
      state.clock = to;
    },
    get brokerTrouble() {
      return state.trouble;
    },
    set brokerTrouble(to: TillcastError | null) {
      state.trouble = to;
    },
    get,
    sync: (url, headers = {}) => get(url, { 'x-license-key': LICENSE, ...headers }),
    admin,
    commit: (...operations) => admin('POST', `/api/v1/admin/licenses/${LICENSE}/changes`, { operations }),
    async [Symbol.asyncDispose]() {
      await app.close();
      await keys.stop();
      await opened.close();
      await rm(directory, { recursive: true, force: true });
    },
  };
}

/** A product as an operator puts it. */
export function putProduct(id: string, price = 2.5): object {
  return { op: 'put', kind: 'product', item: { id, name: `Product ${id}`, price, currency: 'GBP' } };
}

/** Many products, so that answers are worth compressing. */
export function manyProducts(count: number): readonly object[] {
  return Array.from({ length: count }, (_, index) => putProduct(`P${String(index).padStart(4, '0')}`));
}

/** The answer is a problem of this status and code, whole and in its media type. */
export function expectProblem(answer: Answer, status: number, code: string): Problem {
  expect({ status: answer.statusCode, body: answer.body }).toMatchObject({ status });
  expect(answer.headers['content-type']).toMatch(/^application\/problem\+json/);
  const problem = problemSchema.parse(answer.json());
  expect(problem).toMatchObject({ status, code, type: `urn:tillcast:problem:${code}` });
  expect(problem.request_id).toBe(answer.headers['x-request-id']);
  return problem;
}

function counting(database: Database, names: string[]): Database {
  const counted =
    (query: Session['query']): Session['query'] =>
    (statement, values) => {
      names.push(statement.name);
      return query(statement, values);
    };
  const session = (inner: Session): Session => ({
    query: counted((statement, values) => inner.query(statement, values)),
    execute: (script) => inner.execute(script),
  });
  const transaction = (inner: Transaction): Transaction => ({
    ...session(inner),
    queryAndCommit: counted(inner.queryAndCommit),
  });
  return {
    ...session(database),
    engine: database.engine,
    transaction: (work, options) => database.transaction((inner) => work(transaction(inner)), options),
    ofLicense: (licenseId) => {
      const inner = database.ofLicense(licenseId);
      return {
        query: counted((statement, values) => inner.query(statement, values)),
        transaction: (work, options) => inner.transaction((each) => work(transaction(each)), options),
      };
    },
    listen: (channel, listener) => database.listen(channel, listener),
    close: () => database.close(),
    [Symbol.asyncDispose]: () => database.close(),
  };
}
