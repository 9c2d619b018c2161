import { once } from 'node:events';
import { createReadStream } from 'node:fs';
import { mkdtempDisposable } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { ADMIN_PATHS, BACKUP_MEDIA_TYPE } from '@tillcast/protocol/http/admin-api';
import type { FastifyReply } from 'fastify';
import { z } from 'zod';
import { createBackup } from '../backup/create-backup.ts';
import type { App } from '../http/app-types.ts';
import { refusals } from '../http/error-answers.ts';
import { ADMIN, type AdminDependencies, KEY_REFUSALS, refuseBody } from './admin-dependencies.ts';

/**
 * Adds `POST …/backups`. The backup is written to a temporary file first, so that the database is held no longer
 * than that takes, however slowly the client reads.
 */
export function addBackupRoute(app: App, on: Pick<AdminDependencies, 'database' | 'now'>): void {
  app.post(
    ADMIN_PATHS.backups,
    {
      preHandler: refuseBody,
      schema: {
        ...ADMIN,
        operationId: 'createBackup',
        summary: 'A backup of everything, as of one moment',
        description:
          'JSON lines, compressed with gzip; the last line has the count of the rows and the SHA-256 of all before it. `tillcast backup restore` takes it.',
        response: {
          200: {
            description: 'The backup',
            content: { [BACKUP_MEDIA_TYPE]: { schema: z.string().meta({ format: 'binary' }) } },
          },
          ...refusals(...KEY_REFUSALS),
        },
      },
    },
    async (_request, reply) => {
      await using folder = await mkdtempDisposable(join(tmpdir(), 'tillcast-backup-'));
      const path = join(folder.path, 'backup.gz');
      await createBackup(on.database, path, on);
      return await sendFile(reply, path);
    },
  );
}

/** Once the file is open its name may go: the bytes stay until it is closed. */
async function sendFile(reply: FastifyReply, path: string): Promise<FastifyReply> {
  const file = createReadStream(path);
  await once(file, 'open');
  return reply.type(BACKUP_MEDIA_TYPE).send(file);
}
