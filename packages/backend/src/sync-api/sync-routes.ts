import type { ErrorCode } from '@tillcast/protocol/errors';
import { TillcastError } from '@tillcast/protocol/errors';
import {
  type DeltaQuery,
  deltaPageSchema,
  deltaQuerySchema,
  kindListSchema,
  SYNC_PATHS,
  snapshotSchema,
  versionAnswerSchema,
} from '@tillcast/protocol/http/sync-api';
import { ITEM_KINDS, type ItemKind, PLURAL } from '@tillcast/protocol/items/kind';
import type { FastifyReply, FastifyRequest } from 'fastify';
import { z } from 'zod';
import { readKind } from '../catalog/read-kind.ts';
import { readSnapshot } from '../catalog/read-snapshot.ts';
import type { Database } from '../database/database.ts';
import type { App } from '../http/app-types.ts';
import { TERMINAL_SECURITY } from '../http/documentation.ts';
import { answer, type DescribedHeader, refusals } from '../http/error-answers.ts';
import { HEAD_EXAMPLE, ITEM_EXAMPLES } from '../http/examples.ts';
import type { LicenseState } from '../licenses/license.ts';
import type { BackendMetrics } from '../metrics/metrics.ts';
import type { Admissions } from './admissions.ts';
import type { AnswerCache, Keeping, LoadedAnswer } from './answer-cache.ts';
import type { SharedDeltas } from './shared-deltas.ts';
import { type CatalogHead, deltaBody, fullDataBody, kindBody, syncHead } from './sync-bodies.ts';
import { encodingOf, etagOf, isUnmodified, sendAnswer, sendUnmodified, syncHeaders } from './sync-reply.ts';

/** What the sync API stands on. */
export interface SyncDependencies {
  readonly database: Database;
  readonly admissions: Admissions;
  readonly cache: AnswerCache;
  readonly deltas: SharedDeltas;
  readonly metrics: BackendMetrics;
  readonly now: () => Date;
}

/** What a license check may refuse with. */
export const LICENSE_REFUSALS: readonly ErrorCode[] = [
  'credentials_missing',
  'token_invalid',
  'token_expired',
  'license_key_not_accepted',
  'license_key_malformed',
  'license_unknown',
  'terminal_revoked',
  'license_suspended',
  'license_expired',
  'license_revoked',
  'scope_insufficient',
];

/** What a part of the catalog is sent with. */
export const CATALOG_HEADERS: Readonly<Record<string, DescribedHeader>> = {
  etag: { type: 'string', description: 'Weak; send it back as If-None-Match' },
  vary: { type: 'string', description: 'Accept-Encoding, Authorization, X-License-Key' },
};

/** A client has the answer already. */
export const NOT_MODIFIED: z.ZodNull = z.null().describe('Nothing has changed since the ETag that was sent');

/** What our tills ask for at once, and what is meant where nothing is said: pages that others ask for too. */
const USUAL_LIMITS: readonly number[] = [1_000, 2_000];

const noQuery = z.strictObject({});

/** Adds `GET /api/v1/sync/…`. */
export function addSyncRoutes(app: App, on: SyncDependencies): void {
  const described = {
    tags: ['sync'],
    security: TERMINAL_SECURITY,
    querystring: noQuery,
  };

  app.get(
    SYNC_PATHS.fullData,
    {
      schema: {
        ...described,
        operationId: 'getFullData',
        summary: 'The whole catalog',
        response: {
          200: answer(
            'The catalog at one version',
            snapshotSchema,
            { ...HEAD_EXAMPLE, ...ITEM_EXAMPLES },
            CATALOG_HEADERS,
          ),
          304: NOT_MODIFIED,
          ...refusals(...LICENSE_REFUSALS),
        },
      },
    },
    async (request, reply) =>
      sendPart(on, request, reply, 'full', async (license) => {
        const snapshot = await readSnapshot(on.database, license.key);
        return { head: snapshot, body: fullDataBody(snapshot, on.now()) };
      }),
  );

  for (const kind of ITEM_KINDS) {
    app.get(
      SYNC_PATHS.list(PLURAL[kind]),
      {
        schema: {
          ...described,
          operationId: `get_${PLURAL[kind]}`,
          summary: `The catalog's ${PLURAL[kind]}`,
          response: {
            200: answer(
              `All ${PLURAL[kind]} at one version`,
              kindListSchema(PLURAL[kind]),
              Object.assign({ ...HEAD_EXAMPLE }, { [PLURAL[kind]]: ITEM_EXAMPLES[PLURAL[kind]] }),
              CATALOG_HEADERS,
            ),
            304: NOT_MODIFIED,
            ...refusals(...LICENSE_REFUSALS),
          },
        },
      },
      async (request, reply) => sendPart(on, request, reply, PLURAL[kind], kindReader(on, kind)),
    );
  }

  app.get(
    SYNC_PATHS.changes,
    {
      schema: {
        ...described,
        operationId: 'getChanges',
        summary: 'What came after a version, tombstones included, page by page',
        querystring: deltaQuerySchema,
        response: {
          200: answer('One page; `next` is null on the last', deltaPageSchema, {
            ...HEAD_EXAMPLE,
            since: 41,
            changes: [{ kind: 'table', id: 'T9', item: null }],
            next: null,
          }),
          ...refusals(...LICENSE_REFUSALS, 'history_gone'),
        },
      },
    },
    async (request, reply) => sendDelta(on, request, reply, request.query),
  );

  app.get(
    SYNC_PATHS.version,
    {
      schema: {
        ...described,
        operationId: 'getVersion',
        summary: 'Where the catalog stands',
        response: {
          200: answer('The version and its digest', versionAnswerSchema, HEAD_EXAMPLE, CATALOG_HEADERS),
          304: NOT_MODIFIED,
          ...refusals(...LICENSE_REFUSALS),
        },
      },
    },
    async (request, reply) => {
      const license = on.admissions.of(request);
      const etag = etagOf(license, 'version');
      if (isUnmodified(request, etag)) return sendUnmodified(reply, etag);
      const head = syncHead(headOf(license), on.now());
      return syncHeaders(reply).header('etag', etag).type('application/json').send(JSON.stringify(head));
    },
  );
}

function headOf(license: LicenseState): CatalogHead {
  return {
    licenseKey: license.key,
    epoch: license.epoch,
    version: license.version,
    digest: license.digest,
  };
}

interface Read {
  readonly head: CatalogHead;
  readonly body: string;
}

function kindReader(on: SyncDependencies, kind: ItemKind): (license: LicenseState) => Promise<Read> {
  return async (license) => {
    const list = await readKind(on.database, license.key, kind);
    return { head: list, body: kindBody(kind, list, on.now()) };
  };
}

/** Answers with a part of the catalog: from the client's own copy, from the cache, or from the database. */
export async function sendPart(
  on: SyncDependencies,
  request: FastifyRequest,
  reply: FastifyReply,
  part: string,
  read: (license: LicenseState) => Promise<Read>,
): Promise<FastifyReply> {
  const license = on.admissions.of(request);
  const etag = etagOf(license, part);
  if (isUnmodified(request, etag)) {
    on.metrics.syncAnswered('not_modified');
    return sendUnmodified(reply, etag);
  }
  return sendCached(on, request, reply, 'part', cacheKey(license, license, part), async () => {
    const { head, body } = await read(license);
    return { key: cacheKey(license, head, part), etag: etagOf(head, part), body };
  });
}

/** Answers with a page of changes; after one change, a thousand tills ask for the same page. */
async function sendDelta(
  on: SyncDependencies,
  request: FastifyRequest,
  reply: FastifyReply,
  query: DeltaQuery,
): Promise<FastifyReply> {
  const license = on.admissions.of(request);
  const { epoch, since, page, limit } = query;
  // The history that was asked for belongs to the name: another one's changes are refused, not kept.
  const part = `changes ${epoch} ${since} ${limit} ${page ?? ''}`;
  const keeping = USUAL_LIMITS.includes(limit) ? 'page' : 'odd';
  return sendCached(on, request, reply, keeping, cacheKey(license, license, part), async () => {
    const found = await readChanges(on, license, query);
    return { key: cacheKey(license, found, part), etag: null, body: deltaBody(found, on.now()) };
  });
}

async function readChanges(
  on: SyncDependencies,
  license: LicenseState,
  query: DeltaQuery,
): Promise<Parameters<typeof deltaBody>[0]> {
  const { epoch, since, page } = query;
  if (epoch === license.epoch && since === license.version && page === undefined) {
    // The commonest answer needs no read: nothing came after.
    return { ...headOf(license), since, changes: '[]', next: null };
  }
  const found = await on.deltas.page(license, query);
  if (found !== 'history_gone') return found;
  throw new TillcastError(
    'history_gone',
    `The changes after version ${since} of history ${epoch} cannot be given: take the snapshot (${SYNC_PATHS.fullData}).`,
  );
}

/** Names content: the license's number first, so that nothing one license sends can name another's. */
export function cacheKey(
  license: Pick<LicenseState, 'id'>,
  at: { readonly epoch: string; readonly version: number },
  part: string,
): string {
  return `${license.id} ${at.epoch} ${at.version} ${part}`;
}

export async function sendCached(
  on: SyncDependencies,
  request: FastifyRequest,
  reply: FastifyReply,
  keeping: Keeping,
  key: string,
  load: () => Promise<LoadedAnswer>,
): Promise<FastifyReply> {
  let source: 'cache' | 'database' = 'cache';
  const { id: licenseId } = on.admissions.of(request);
  const finished = await on.cache.get({ licenseId, key, keeping }, encodingOf(request), async () => {
    source = 'database';
    return load();
  });
  on.metrics.syncAnswered(source);
  return sendAnswer(reply, finished);
}
