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
 * Counts one start more, on the disk when it is told: two starts that tell the same count come from two copies. Where it
 * cannot be written (a full disk), nothing is told of it, rather than something that may be untrue, and it is tried again
 * whenever it is asked for. A file that is missing or no good begins a new instance.
 * @param newId a UUID; left out: a random one
 * @returns what is to be told of this start; null for nothing, as yet
 */
export function countStart(
  dataDir: string,
  logger: Logger,
  newId: () => string = randomUUID,
): () => TillInstance | null {
  const path = join(dataDir, INSTANCE_FILE);
  const run = newId();
  let counted: TillInstance | null = null;
  let failures = 0;
  const count = (): void => {
    const { id, starts } = read(path, logger) ?? { id: newId(), starts: 0 };
    const next = { id, starts: starts + 1 };
    try {
      writeDurably(path, `${JSON.stringify(next)}\n`);
      counted = { ...next, run };
    } catch (error) {
      if (failures === 0)
        logger.warn({ err: error, path }, 'This start could not be counted: check the disk');
      failures += 1;
    }
  };
  count();
  return () => {
    if (counted === null) count();
    return counted;
  };
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
