import { stat } from 'node:fs/promises';
import { usageError } from './parse.ts';

/** The path again. @throws TillcastError `usage` unless it is that of a file */
export async function existing(path: string): Promise<string> {
  try {
    if ((await stat(path)).isFile()) return path;
  } catch (error) {
    if (
      !(error instanceof Error && 'code' in error && (error.code === 'ENOENT' || error.code === 'ENOTDIR'))
    ) {
      throw error;
    }
  }
  throw usageError(`There is no file ${path}.`);
}
