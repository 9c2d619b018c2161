import { randomUUID } from 'node:crypto';
import { closeSync, fsyncSync, mkdirSync, openSync, readFileSync, renameSync, writeSync } from 'node:fs';
import { join } from 'node:path';
import { TillcastError } from '@tillcast/protocol/errors';

const UUID = /^[0-9a-f]{8}(-[0-9a-f]{4}){3}-[0-9a-f]{12}$/;

/**
 * This terminal's id: a UUID, made at the first start and kept in a file of its own, since the catalog may
 * be thrown away and the terminal stays who it is.
 * @throws TillcastError `database_unavailable` where it cannot be read or kept, `configuration_invalid` where
 *   the file holds something else
 */
export function keptTerminalId(dataDir: string): string {
  const path = join(dataDir, 'terminal-id');
  try {
    const known = readIfThere(path);
    if (known === null) return keep(path, dataDir);
    if (UUID.test(known)) return known;
  } catch (cause) {
    const why = cause instanceof Error ? cause.message : String(cause);
    const message = `The terminal's id can be neither read from nor kept in ${path}: ${why}. Check the folder's permissions and the disk's free space.`;
    throw new TillcastError('database_unavailable', message, { cause });
  }
  throw new TillcastError(
    'configuration_invalid',
    `${path} does not hold a terminal's id. Remove it: the terminal then gets a new one.`,
  );
}

function readIfThere(path: string): string | null {
  try {
    return readFileSync(path, 'utf8').trim();
  } catch (error) {
    if (error instanceof Error && 'code' in error && error.code === 'ENOENT') return null;
    throw error;
  }
}

/** On the disk before it is used: a power cut must not make this terminal another one. */
function keep(path: string, dataDir: string): string {
  const id = randomUUID();
  mkdirSync(dataDir, { recursive: true });
  const draft = `${path}.new`;
  const file = openSync(draft, 'w', 0o600);
  try {
    writeSync(file, `${id}\n`);
    fsyncSync(file);
  } finally {
    closeSync(file);
  }
  renameSync(draft, path);
  return id;
}
