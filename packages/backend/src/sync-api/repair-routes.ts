import { TillcastError } from '@tillcast/protocol/errors';
import {
  digestSumsSchema,
  givenRowsSchema,
  rowDigestsQuerySchema,
  rowDigestsSchema,
  rowsQuerySchema,
} from '@tillcast/protocol/http/repair-api';
import { SYNC_PATHS } from '@tillcast/protocol/http/sync-api';
import type { FastifyReply, FastifyRequest } from 'fastify';
import { z } from 'zod';
import { readDigests } from '../catalog/read-digests.ts';
import { readRowDigests } from '../catalog/read-row-digests.ts';
import { readRows } from '../catalog/read-rows.ts';
import type { App } from '../http/app-types.ts';
import { TERMINAL_SECURITY } from '../http/documentation.ts';
import { answer, refusals } from '../http/error-answers.ts';
import { HEAD_EXAMPLE, ITEM_EXAMPLES } from '../http/examples.ts';
import type { LicenseState } from '../licenses/license.ts';
import { type CatalogHead, digestsBody, rowDigestsBody, rowsBody } from './sync-bodies.ts';
import {
  CATALOG_HEADERS,
  cacheKey,
  LICENSE_REFUSALS,
  NOT_MODIFIED,
  type SyncDependencies,
  sendCached,
  sendPart,
} from './sync-routes.ts';

/** Adds the routes by which a till finds out which of its rows are not the server's, and gets those. */
export function addRepairRoutes(app: App, on: SyncDependencies): void {
  const described = { tags: ['sync'], security: TERMINAL_SECURITY };
  const numbered = { kind: 'table', id: 'T1', digest: HEAD_EXAMPLE.digest } as const;
  const sums = Array.from({ length: 256 }, () => HEAD_EXAMPLE.digest);
  const [table] = ITEM_EXAMPLES.tables;

  app.get(
    SYNC_PATHS.digests,
    {
      schema: {
        ...described,
        operationId: 'getDigests',
        summary: 'The digest taken apart: the sum of the rows’ numbers for each first byte of a number',
        querystring: z.strictObject({}),
        response: {
          200: answer(
            '256 sums at one version',
            digestSumsSchema,
            { ...HEAD_EXAMPLE, sums },
            CATALOG_HEADERS,
          ),
          304: NOT_MODIFIED,
          ...refusals(...LICENSE_REFUSALS),
        },
      },
    },
    async (request, reply) =>
      sendPart(on, request, reply, 'digests', async (license) => {
        const found = await readDigests(on.database, license.key);
        return { head: found, body: digestsBody(found, on.now()) };
      }),
  );

  app.get(
    SYNC_PATHS.rowDigests,
    {
      schema: {
        ...described,
        operationId: 'getRowDigests',
        summary: 'The names and numbers of the rows in the buckets that differ, at one version',
        querystring: rowDigestsQuerySchema,
        response: {
          200: answer('The rows of those buckets', rowDigestsSchema, { ...HEAD_EXAMPLE, rows: [numbered] }),
          ...refusals(...LICENSE_REFUSALS, 'history_gone', 'version_moved'),
        },
      },
    },
    async (request, reply) => {
      const { epoch, version, buckets } = request.query;
      return sendAt(on, request, reply, { epoch, version }, `buckets ${buckets.join()}`, async (license) => {
        const found = await readRowDigests(on.database, license.key, buckets);
        return { head: found, body: rowDigestsBody(found, on.now()) };
      });
    },
  );

  app.get(
    SYNC_PATHS.rows,
    {
      schema: {
        ...described,
        operationId: 'getRows',
        summary: 'The rows that have some numbers, at one version',
        querystring: rowsQuerySchema,
        response: {
          200: answer('Those of them that are there', givenRowsSchema, {
            ...HEAD_EXAMPLE,
            rows: table === undefined ? [] : [{ kind: 'table', id: table.id, item: table }],
          }),
          ...refusals(...LICENSE_REFUSALS, 'history_gone', 'version_moved'),
        },
      },
    },
    async (request, reply) => {
      const { epoch, version, digests } = request.query;
      return sendAt(on, request, reply, { epoch, version }, `rows ${digests.join()}`, async (license) => {
        const found = await readRows(on.database, license.key, digests);
        return { head: found, body: rowsBody(found, on.now()) };
      });
    },
  );
}

interface Position {
  readonly epoch: string;
  readonly version: number;
}

/**
 * Answers at exactly the version that was asked for, or not at all: what a till learnt at one version must not
 * be put together with what it learns at another. Each till's damage is its own, so nothing of it is kept.
 */
async function sendAt(
  on: SyncDependencies,
  request: FastifyRequest,
  reply: FastifyReply,
  asked: Position,
  part: string,
  read: (license: LicenseState) => Promise<{ readonly head: CatalogHead; readonly body: string }>,
): Promise<FastifyReply> {
  const license = on.admissions.of(request);
  refuseOther(asked, license);
  return sendCached(on, request, reply, 'odd', cacheKey(license, license, part), async () => {
    const { head, body } = await read(license);
    refuseOther(asked, head);
    return { key: cacheKey(license, head, part), etag: null, body };
  });
}

function refuseOther(asked: Position, now: Position): void {
  if (asked.epoch !== now.epoch) {
    throw new TillcastError(
      'history_gone',
      `There is no history ${asked.epoch} here: take the snapshot (${SYNC_PATHS.fullData}).`,
    );
  }
  if (asked.version !== now.version) {
    throw new TillcastError(
      'version_moved',
      `The catalog is not at version ${asked.version}: begin again with ${SYNC_PATHS.digests}.`,
    );
  }
}
