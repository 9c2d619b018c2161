/** The worker thread of the embedded engine: a query there blocks its thread, so it has one of its own. */
import { parentPort, workerData } from 'node:worker_threads';
import { PGlite } from '@electric-sql/pglite';
import { z } from 'zod';
import type { WorkerReply, WorkerRequest, WorkerStart } from './embedded-protocol.ts';
import { codeOf } from './sql-error.ts';

const port = parentPort;
if (port === null) throw new Error('embedded-worker.ts runs only as a worker thread.');

const startSchema: z.ZodType<WorkerStart> = z.object({ dataDir: z.string() });
const { dataDir } = startSchema.parse(workerData);
const say = (reply: WorkerReply): void => port.postMessage(reply);

function sayFailed(id: number | null, error: unknown): void {
  const message = error instanceof Error ? error.message : String(error);
  say({ say: 'failed', id, message, code: codeOf(error) });
}

const db = new PGlite({ dataDir });

async function answer(request: WorkerRequest): Promise<void> {
  switch (request.ask) {
    case 'query': {
      const { rows } = await db.query<Readonly<Record<string, unknown>>>(request.text, [...request.values]);
      return say({ say: 'done', id: request.id, rows });
    }
    case 'execute':
      await db.exec(request.script);
      return say({ say: 'done', id: request.id, rows: [] });
    case 'close':
      await db.exec('SET ROLE NONE; CHECKPOINT');
      await db.close();
      say({ say: 'done', id: request.id, rows: [] });
      return port?.close();
  }
}

try {
  await db.waitReady;
  db.onNotification((channel, payload) => say({ say: 'notified', channel, payload }));
  port.on('message', (request: WorkerRequest) => {
    answer(request).catch((error: unknown) => sayFailed(request.id, error));
  });
  say({ say: 'ready' });
} catch (error) {
  sayFailed(null, error);
}
