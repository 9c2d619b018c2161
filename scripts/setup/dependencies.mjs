import { createHash } from 'node:crypto';
import { existsSync, readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { npmErrors, projectNpm } from './npm.mjs';
import { withProgress } from './progress.mjs';
import { SetupError } from './setup-error.mjs';
import { root } from './toolchain.mjs';

/**
 * @typedef {{ version?: string, integrity?: string, link?: boolean, optional?: boolean, os?: string[], cpu?: string[], libc?: string[] }} LockedPackage
 */

/**
 * @param {string} file a lock file, npm's own or the one it leaves in node_modules
 * @returns {Record<string, LockedPackage>}
 */
function packagesOf(file) {
  return JSON.parse(readFileSync(file, 'utf8')).packages ?? {};
}

/**
 * Whether what npm last installed is what the lock file says. Optional packages for other platforms may be
 * missing.
 * @param {Record<string, LockedPackage>} locked
 * @param {Record<string, LockedPackage>} installed
 * @param {{ os: string, cpu: string }} platform
 * @returns {boolean}
 */
export function isInstalled(locked, installed, platform) {
  return Object.entries(locked).every(([path, wanted]) => {
    if (!path.includes('node_modules/')) return true;
    const present = installed[path];
    if (present !== undefined) return present.version === wanted.version && present.link === wanted.link;
    if (wanted.optional !== true) return false;
    const isForHere =
      wanted.os?.includes(platform.os) === true && wanted.cpu?.includes(platform.cpu) === true;
    return !isForHere || wanted.libc?.includes('musl') === true;
  });
}

/**
 * Installs exactly what package-lock.json says, unless that is what is there, by whomever it was installed.
 * @param {string} node the project's Node
 * @returns {Promise<void>}
 */
export async function ensureDependencies(node) {
  const lock = join(root, 'package-lock.json');
  const record = join(root, 'node_modules', '.package-lock.json');
  const stampFile = join(root, 'node_modules', '.tillcast-installed');
  const stamp = createHash('sha256').update(readFileSync(lock)).digest('hex');
  if (existsSync(record)) {
    if (existsSync(stampFile) && readFileSync(stampFile, 'utf8') === stamp) return;
    const platform = { os: process.platform, cpu: process.arch };
    if (isInstalled(packagesOf(lock), packagesOf(record), platform)) return;
  }
  await withProgress('Installing the locked dependencies', async () => {
    const installed = await projectNpm(node, ['ci', '--ignore-scripts', '--no-audit', '--no-fund'], root);
    if (installed.code !== 0) {
      throw new SetupError(
        `The dependencies could not be installed (npm ci):\n${npmErrors(installed.output)}\n` +
          "Check the network and npm's registry and proxy settings, then try again.",
      );
    }
    writeFileSync(stampFile, stamp);
  });
}
