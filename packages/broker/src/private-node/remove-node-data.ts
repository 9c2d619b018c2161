import { readdir, rm } from 'node:fs/promises';
import { join } from 'node:path';
import type { Logger } from '../logger.ts';
import { claimDirectory } from './claim.ts';

/**
 * Removes all that a private node left in its data directory. What still runs there, though its owner is no
 * more, is stopped first. Does nothing where there is no such directory.
 * @throws `data_in_use` when the owner of the node there is alive; nothing is removed then
 */
export async function removePrivateNodeData(dataDir: string, logger: Logger): Promise<void> {
  let entries: string[];
  try {
    entries = await readdir(dataDir);
  } catch (error) {
    if (error instanceof Error && 'code' in error && error.code === 'ENOENT') return;
    throw error;
  }
  const claim = await claimDirectory(dataDir, ({ pid }) =>
    logger.warn({ pid, dataDir }, 'stopping what a process that is no more left running'),
  );
  try {
    for (const entry of entries) {
      // The lock stays: until it is released nobody else may start a node here.
      if (!entry.startsWith('owner.lock')) await rm(join(dataDir, entry), { recursive: true, force: true });
    }
  } finally {
    await claim.release();
  }
}
