import { execFileSync } from 'node:child_process';
import { readdirSync, readFileSync } from 'node:fs';
import { dirname, join } from 'node:path';
import { fileURLToPath } from 'node:url';

/** The checkout's root. */
export const root: string = join(dirname(fileURLToPath(import.meta.url)), '..', '..');

/** The rooms of the house: the folders in packages/. */
export const rooms: readonly string[] = readdirSync(join(root, 'packages')).sort();

/** Every file of the repository, committed or about to be, as a path from the root. */
export function repositoryFiles(): string[] {
  const output = execFileSync('git', ['ls-files', '--cached', '--others', '--exclude-standard', '-z'], {
    cwd: root,
    encoding: 'utf8',
    maxBuffer: 64 * 1024 * 1024,
  });
  const deleted = execFileSync('git', ['ls-files', '--deleted', '-z'], { cwd: root, encoding: 'utf8' });
  const gone = new Set(deleted.split('\0'));
  return output.split('\0').filter((path) => path !== '' && !gone.has(path));
}

/** The text of a repository's file. */
export function textOf(path: string): string {
  return readFileSync(join(root, path), 'utf8');
}

/** Whether it is source code that people write. */
export function isCode(path: string): boolean {
  return /\.(?:ts|tsx|mts|js|mjs)$/.test(path);
}

/** The modules that a source file names in its imports and exports, static and dynamic. */
export function importsOf(path: string): string[] {
  const pattern = /(?:\bfrom|\bimport)\s*\(?\s*(['"])([^'"\n]+)\1/g;
  return [...textOf(path).matchAll(pattern)].map(([, , specifier]) => specifier ?? '');
}
