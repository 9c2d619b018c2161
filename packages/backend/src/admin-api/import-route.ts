import { Readable } from 'node:stream';
import { TillcastError } from '@tillcast/protocol/errors';
import {
  IMPORT_MEDIA_TYPE,
  type ImportResult,
  importQuerySchema,
  importResultSchema,
} from '@tillcast/protocol/http/admin-api';
import { z } from 'zod';
import type { App } from '../http/app-types.ts';
import { answer, BODY_REFUSALS, refusals } from '../http/error-answers.ts';
import { IMPORT_EXAMPLE } from '../http/examples.ts';
import { getLicense } from '../licenses/find-license.ts';
import {
  ADMIN,
  type AdminDependencies,
  LICENSE_PATH,
  licenseParams,
  ONE_LICENSE_REFUSALS,
} from './admin-dependencies.ts';
import { countCommit } from './change-routes.ts';
import { IMPORT_BOUNDS, type ImportBounds, importLines } from './import.ts';

const importBody = z
  .custom<Readable>((body) => body instanceof Readable, `must be ${IMPORT_MEDIA_TYPE}`)
  .meta({
    type: 'string',
    description: 'One operation a line, as in the `operations` of a commit',
    examples: [
      '{"op":"put","kind":"product","item":{"id":"85123A","name":"T-light holder","price":2.95,"currency":"GBP"}}\n',
    ],
  });

/** Adds `POST …/import`: operations by the line, read as they come. Its scope takes no other media type. */
export function addImportRoute(app: App, on: AdminDependencies, bounds: ImportBounds = IMPORT_BOUNDS): void {
  app.removeAllContentTypeParsers();
  app.addContentTypeParser(IMPORT_MEDIA_TYPE, (_request, payload, done) => done(null, payload));
  app.post(
    `${LICENSE_PATH}/import`,
    {
      bodyLimit: bounds.maxBytes,
      schema: {
        ...ADMIN,
        operationId: 'importOperations',
        summary: 'Do many operations to a catalog as one change',
        description:
          'All or none: one bad line, and nothing is changed. With `mode=partial` bad lines are left out and named.',
        consumes: [IMPORT_MEDIA_TYPE],
        params: licenseParams,
        querystring: importQuerySchema,
        body: importBody,
        response: {
          200: answer('What was done', importResultSchema, IMPORT_EXAMPLE),
          ...refusals(...ONE_LICENSE_REFUSALS, ...BODY_REFUSALS, 'import_invalid'),
        },
      },
      // Before the stream is read: there may be much of it.
      preHandler: async (request) => {
        await getLicense(on.database, licenseParams.parse(request.params).key);
      },
    },
    async (request): Promise<ImportResult> => {
      const { key } = request.params;
      const { mode } = request.query;
      request.log.info({ license: key, mode }, 'An import begins');
      const result = await importLines(on.database, key, arriving(request.body), {
        mode,
        now: on.now,
        signer: on.keys,
        bounds,
      });
      countCommit(on.metrics, result);
      request.log.info(
        { license: key, mode, read: result.read, rejected: result.rejected, version: result.version },
        'An import was done',
      );
      return result;
    },
  );
}

/** The body's bytes; one that ends too early is an error of the request, not of ours. */
async function* arriving(body: Readable): AsyncGenerator<Uint8Array> {
  try {
    for await (const chunk of body) {
      if (!(chunk instanceof Uint8Array)) throw new TypeError('The body is not a stream of bytes.');
      yield chunk;
    }
  } catch (error) {
    if (error instanceof Error && 'code' in error && error.code === 'ECONNRESET') {
      throw new TillcastError('request_invalid', 'The body ended too early. Nothing was changed.', {
        cause: error,
      });
    }
    throw error;
  }
}
