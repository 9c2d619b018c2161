import { createHash } from 'node:crypto';
import { existsSync, readdirSync, readFileSync, writeFileSync } from 'node:fs';
import { join, relative } from 'node:path';
import { withProgress } from './progress.mjs';
import { lastLines, runCommand } from './run-command.mjs';
import { SetupError } from './setup-error.mjs';
import { root, toolEnvironment } from './toolchain.mjs';

const tillUi = join(root, 'packages', 'till-ui');
const stampFile = join(tillUi, 'dist', '.sources');
const NOT_SOURCES = new Set(['dist', 'node_modules', 'test']);

/**
 * @param {string} folder
 * @returns {string[]} all files in it, absolute, sorted
 */
function filesIn(folder) {
  return readdirSync(folder, { withFileTypes: true })
    .filter((entry) => !NOT_SOURCES.has(entry.name))
    .flatMap((entry) => {
      const path = join(folder, entry.name);
      return entry.isDirectory() ? filesIn(path) : [path];
    })
    .sort();
}

/**
 * @returns {string} changes when anything that the built page is made from does
 */
function hashOfSources() {
  const hash = createHash('sha256');
  const files = [
    ...filesIn(tillUi),
    ...filesIn(join(root, 'packages', 'protocol', 'src')),
    join(root, 'package-lock.json'),
  ];
  for (const file of files) {
    hash.update(relative(root, file)).update('\0').update(readFileSync(file)).update('\0');
  }
  return hash.digest('hex');
}

/**
 * Builds the till's page into `packages/till-ui/dist`, unless it is there and up to date.
 * @param {string} node the Node to build with
 * @returns {Promise<void>}
 */
export async function ensureTillPage(node) {
  const sources = hashOfSources();
  if (!existsSync(join(tillUi, 'index.html'))) {
    throw new SetupError('packages/till-ui has no index.html: the checkout is not complete. Clone it again.');
  }
  if (existsSync(stampFile) && readFileSync(stampFile, 'utf8') === sources) return;
  await withProgress("Building the till's page", async () => {
    const vite = join(root, 'node_modules', 'vite', 'bin', 'vite.js');
    const built = await runCommand(node, [vite, 'build'], { cwd: tillUi, env: toolEnvironment(node) });
    if (built.code !== 0) {
      throw new SetupError(
        `The till's page could not be built (vite build in packages/till-ui):\n${lastLines(built.output, 30)}`,
      );
    }
    writeFileSync(stampFile, sources);
  });
}
