import { createReadStream, type ReadStream } from 'node:fs';
import { pipeline } from 'node:stream/promises';
import { createGunzip } from 'node:zlib';
import { codeOf } from '../database/sql-error.ts';
import { damaged } from './backup-file.ts';

/**
 * The lines of a compressed backup, without their ends. Nothing of a large one is held but the line at hand.
 * @throws TillcastError `backup_damaged`; the file system's own errors
 */
export async function* linesOfBackup(path: string): AsyncGenerator<string> {
  const file: ReadStream = createReadStream(path);
  const text = createGunzip();
  // What fails comes out of `text`, too; here it only has to be caught.
  const done = pipeline(file, text).then(
    () => null,
    (error: unknown) => error,
  );
  const decoder = new TextDecoder('utf-8', { fatal: true });
  let rest = '';
  try {
    for await (const chunk of text as AsyncIterable<Buffer>) {
      const lines = (rest + decoder.decode(chunk, { stream: true })).split('\n');
      rest = lines.pop() ?? '';
      yield* lines;
    }
    rest += decoder.decode();
  } catch (error) {
    if (isDamage(error)) throw damaged('it cannot be decompressed to its end', error);
    throw error;
  } finally {
    file.destroy();
    text.destroy();
    await done;
  }
  if (rest !== '') throw damaged('its last line is broken off');
}

function isDamage(error: unknown): boolean {
  if (error instanceof TypeError) return codeOf(error) === 'ERR_ENCODING_INVALID_ENCODED_DATA';
  return codeOf(error)?.startsWith('Z_') === true;
}
