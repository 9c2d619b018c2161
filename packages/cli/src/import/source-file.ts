import { createReadStream } from 'node:fs';
import { stat } from 'node:fs/promises';
import type { Readable } from 'node:stream';
import { createGunzip } from 'node:zlib';
import { TillcastError } from '@tillcast/protocol/errors';

/** A file that is being read. */
export interface SourceFile {
  /** Its content, decompressed. What goes wrong while reading is an `import_invalid` that names the file. */
  readonly content: AsyncIterable<Buffer>;
  /** How much of it was read: 0 to 1, of the file as it lies on disk. */
  readonly fraction: () => number;
}

/**
 * Opens a file to be read once; what ends in `.gz` is decompressed.
 * @throws TillcastError `not_found` when it is not there, `usage` when it is not a file
 */
export async function openSource(path: string): Promise<SourceFile> {
  const sizeBytes = await sizeOf(path);
  const file = createReadStream(path, { highWaterMark: 256 * 1024 });
  return {
    content: path.endsWith('.gz') ? gunzipped(file, path) : chunksOf(file, path),
    fraction: () => (sizeBytes === 0 ? 1 : file.bytesRead / sizeBytes),
  };
}

async function sizeOf(path: string): Promise<number> {
  try {
    const found = await stat(path);
    if (found.isFile()) return found.size;
  } catch (cause) {
    throw new TillcastError('not_found', `The file ${path} cannot be read: ${reasonOf(cause)}.`, { cause });
  }
  throw new TillcastError('usage', `${path} is not a file.`);
}

async function* chunksOf(stream: Readable, path: string): AsyncGenerator<Buffer> {
  try {
    for await (const chunk of stream) if (chunk instanceof Buffer) yield chunk;
  } catch (cause) {
    throw new TillcastError('import_invalid', `The file ${path} cannot be read: ${reasonOf(cause)}.`, {
      cause,
    });
  }
}

async function* gunzipped(file: Readable, path: string): AsyncGenerator<Buffer> {
  const gunzip = createGunzip();
  file.once('error', (error) => gunzip.destroy(error));
  try {
    yield* chunksOf(file.pipe(gunzip), path);
  } finally {
    file.destroy();
    gunzip.destroy();
  }
}

function reasonOf(error: unknown): string {
  if (!(error instanceof Error)) return String(error);
  const code = 'code' in error ? error.code : undefined;
  if (code === 'ENOENT') return 'there is no such file';
  if (code === 'EACCES') return 'it may not be read by this user';
  if (typeof code === 'string' && code.startsWith('Z_')) return `it is not whole gzip (${error.message})`;
  return error.message;
}
