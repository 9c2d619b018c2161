import { readFile, rm } from 'node:fs/promises';
import { join } from 'node:path';
import { isRunning, type ProcessIdentity, removePrivateNodeData, silentLogger } from '@tillcast/broker';
import { TillcastError } from '@tillcast/protocol/errors';
import { z } from 'zod';

/** What a demo makes in its data directory, besides its lock and the broker's folder. Nothing else there is touched. */
const MADE = ['database', 'terminals', 'logs', 'admin-api-key', 'rabbitmq-docker'] as const;

/**
 * Removes what earlier demos left in a data directory. The caller holds the instance lock.
 * @throws TillcastError `data_in_use` when a backend, a till or a broker still runs on it
 */
export async function removeDemoData(dataDir: string): Promise<void> {
  await refuseLiveOwner(join(dataDir, 'database'));
  await removePrivateNodeData(join(dataDir, 'rabbitmq'), silentLogger);
  for (const name of MADE) await rm(join(dataDir, name), { recursive: true, force: true });
}

const ownerSchema: z.ZodType<ProcessIdentity, unknown> = z.object({
  pid: z.int().positive(),
  startedAt: z.string(),
});

/** A `tillcast server` that was started by hand on the same directory writes its identity there. */
async function refuseLiveOwner(folder: string): Promise<void> {
  let text: string;
  try {
    text = await readFile(join(folder, 'owner.json'), 'utf8');
  } catch (error) {
    if (error instanceof Error && 'code' in error && error.code === 'ENOENT') return;
    throw error;
  }
  const owner = ownerSchema.safeParse(JSON.parse(text));
  if (!owner.success || !(await isRunning(owner.data))) return;
  throw new TillcastError(
    'data_in_use',
    `${folder} is in use by the process with pid ${owner.data.pid}: stop it first. Nothing was removed.`,
  );
}
