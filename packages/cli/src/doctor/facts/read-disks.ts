import { existsSync } from 'node:fs';
import { statfs } from 'node:fs/promises';
import { dirname } from 'node:path';
import type { Place } from '../place.ts';
import type { DiskFacts } from './facts.ts';

/** The disks under this machine's data directories. */
export async function readDisks({ backendDir, tillDir }: Place): Promise<readonly DiskFacts[]> {
  const folders = [
    ...(backendDir === null ? [] : [{ what: 'the backend’s folder', path: backendDir }]),
    ...(tillDir === null ? [] : [{ what: 'the till’s folder', path: tillDir }]),
  ];
  return Promise.all(
    folders.map(async ({ what, path }) => {
      const { bavail, blocks, bsize } = await statfs(nearest(path));
      return { what, path, freeBytes: bavail * bsize, totalBytes: blocks * bsize };
    }),
  );
}

/** The folder, or the one in which it would be made. */
function nearest(path: string): string {
  return existsSync(path) || dirname(path) === path ? path : nearest(dirname(path));
}
