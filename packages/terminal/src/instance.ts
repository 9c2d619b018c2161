import { randomUUID } from 'node:crypto';
import { join } from 'node:path';
import type { Logger } from '@tillcast/broker';
import type { TillInstance } from '@tillcast/protocol/http/status-api';
import { z } from 'zod';
import { readIfThere, writeDurably } from './identity/durable-file.ts';

/** Which copy of a till's data this is, in its folder; beside the catalog, which may be made anew at any time. */
export const INSTANCE_FILE = 'instance.json';

const fileSchema = z.object({ id: z.uuid(), starts: z.int().min(0).max(2_147_483_646) });

/**
 * Counts one start more, on the disk when this returns: two starts that tell the same count come from two copies.
 * A file that is missing or no good begins a new instance.
 * @returns null where it could not be written: then nothing is told of it, rather than something that may be untrue
 */
export function countStart(dataDir: string, logger: Logger): TillInstance | null {
  const path = join(dataDir, INSTANCE_FILE);
  const { id, starts } = read(path, logger) ?? { id: randomUUID(), starts: 0 };
  const counted = { id, starts: starts + 1 };
  try {
    writeDurably(path, `${JSON.stringify(counted)}\n`);
  } catch (error) {
    logger.warn({ err: error, path }, 'This start could not be counted: check the disk');
    return null;
  }
  return { ...counted, run: randomUUID() };
}

function read(path: string, logger: Logger): z.infer<typeof fileSchema> | null {
  try {
    const text = readIfThere(path);
    return text === null ? null : fileSchema.parse(JSON.parse(text));
  } catch (error) {
    logger.warn({ err: error, path }, 'The count of starts could not be read and begins anew');
    return null;
  }
}
