import { existsSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { npm, npmErrors } from './npm.mjs';
import { withProgress } from './progress.mjs';
import { SetupError } from './setup-error.mjs';
import { root } from './toolchain.mjs';

/**
 * @typedef {{ version?: string, integrity?: string, link?: boolean, optional?: boolean, devOptional?: boolean, peer?: boolean }} LockedPackage
 */

/**
 * @param {string} file a lock file, npm's own or the one it leaves in node_modules
 * @returns {Record<string, LockedPackage>}
 */
function packagesOf(file) {
  return JSON.parse(readFileSync(file, 'utf8')).packages ?? {};
}

/**
 * Whether what npm last installed is what the lock file says. Packages for other platforms may be missing.
 * @param {Record<string, LockedPackage>} locked
 * @param {Record<string, LockedPackage>} installed
 * @returns {boolean}
 */
export function isInstalled(locked, installed) {
  return Object.entries(locked).every(([path, wanted]) => {
    if (!path.includes('node_modules/')) return true;
    const present = installed[path];
    if (present === undefined) return wanted.optional === true || wanted.devOptional === true;
    return present.version === wanted.version && present.link === wanted.link;
  });
}

/**
 * Installs exactly what package-lock.json says, unless that is what is there.
 * @returns {Promise<void>}
 */
export async function ensureDependencies() {
  const record = join(root, 'node_modules', '.package-lock.json');
  if (existsSync(record) && isInstalled(packagesOf(join(root, 'package-lock.json')), packagesOf(record))) {
    return;
  }
  await withProgress('Installing the locked dependencies', async () => {
    const installed = await npm(['ci', '--ignore-scripts', '--no-audit', '--no-fund'], root);
    if (installed.code !== 0) {
      throw new SetupError(
        `The dependencies could not be installed (npm ci):\n${npmErrors(installed.output)}\n` +
          "Check the network and npm's registry and proxy settings, then try again.",
      );
    }
  });
}
