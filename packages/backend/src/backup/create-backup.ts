import { once } from 'node:events';
import { createWriteStream } from 'node:fs';
import { pipeline } from 'node:stream/promises';
import { createGzip } from 'node:zlib';
import { appendAudit } from '../audit/append-audit.ts';
import type { Database } from '../database/database.ts';
import { readTables } from './read-tables.ts';

/** Lines are handed to the compressor in pieces of about this size. */
const PIECE_CHARACTERS = 64 * 1024;

/**
 * Writes a backup to a file that is made by it (0600), and an entry to the audit log, which is not in this
 * backup yet. All is of one moment; PostgreSQL is not held up meanwhile, the embedded database is.
 *
 * The file holds all licenses' data, the hashes of activation codes and API keys, and the signing keys, sealed.
 */
export async function createBackup(
  database: Database,
  path: string,
  context: { readonly now: () => Date },
): Promise<void> {
  const takenAt = context.now();
  const compressor = createGzip();
  const written = pipeline(compressor, createWriteStream(path, { flags: 'wx', mode: 0o600 }));
  let piece = '';
  const flush = async (): Promise<void> => {
    const isRoom = compressor.write(piece);
    piece = '';
    // A file that cannot be written makes no room.
    if (!isRoom) await Promise.race([once(compressor, 'drain'), written]);
  };
  try {
    const { rows, licenses } = await readTables(database, takenAt, async (line) => {
      piece += line;
      if (piece.length >= PIECE_CHARACTERS) await flush();
    });
    await flush();
    compressor.end();
    await written;
    const detail = { taken_at: takenAt.toISOString(), licenses, rows };
    await appendAudit(database, { actor: 'operator', act: 'backup.created', subject: null, detail }, takenAt);
  } catch (error) {
    compressor.destroy();
    await written.catch((fileError: unknown) => {
      // Which of the two is the cause is not known here: what the file said goes along with the other.
      if (fileError !== error && error instanceof Error && error.cause === undefined) error.cause = fileError;
    });
    throw error;
  }
}
