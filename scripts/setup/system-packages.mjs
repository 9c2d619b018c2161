import { existsSync } from 'node:fs';
import { withProgress } from './progress.mjs';
import { keepServicesQuiet } from './quiet-services.mjs';
import { lastLines, runCommand } from './run-command.mjs';
import { SetupError } from './setup-error.mjs';

/**
 * @typedef {object} SystemPackage
 * @property {string} name Debian's name of it
 * @property {string} brew Homebrew's name of it
 * @property {string} what what a person calls it, e.g. "PostgreSQL"
 * @property {string[]} [services] the services that come with it and must not be started
 * @property {() => boolean} isThere whether it can be used already, however it was installed
 */

/**
 * Whether this process may install Debian packages.
 * @returns {boolean}
 */
export function canInstall() {
  return process.platform === 'linux' && existsSync('/usr/bin/apt-get') && process.getuid?.() === 0;
}

/**
 * The message for a person who has to install packages.
 * @param {readonly SystemPackage[]} missing
 * @param {string} purpose e.g. "The tests need"
 * @returns {string}
 */
export function howToInstall(missing, purpose) {
  const what = missing.map((each) => each.what).join(', ');
  const debian = missing.map((each) => each.name).join(' ');
  const brew = missing.map((each) => each.brew).join(' ');
  return [
    `${purpose} ${what}, and this machine does not have it.`,
    'Install it, then run the same command again:',
    `  Debian, Ubuntu   sudo apt-get install --no-install-recommends ${debian}`,
    `  macOS            brew install ${brew}`,
  ].join('\n');
}

/**
 * Sees to it that system packages are there. Installs the missing ones where that is possible (as root, on
 * Debian and its children), saying so, with their services kept still; else ends with what to install.
 * @param {readonly SystemPackage[]} wanted
 * @param {string} purpose e.g. "The tests need"
 * @returns {Promise<void>}
 */
export async function ensureSystemPackages(wanted, purpose) {
  const missing = wanted.filter((each) => !each.isThere());
  if (missing.length === 0) return;
  if (!canInstall()) throw new SetupError(howToInstall(missing, purpose));
  const names = missing.map((each) => each.name);
  // A service that was there before is somebody's: it is left as it is.
  const services = missing
    .flatMap((each) => each.services ?? [])
    .filter((service) => !existsSync(`/lib/systemd/system/${service}.service`));
  process.stderr.write(
    `${purpose} ${missing.map((each) => each.what).join(', ')}: installing ${names.join(', ')} with apt-get.\n` +
      (services.length === 0 ? '' : `No service of theirs is started (${services.join(', ')}).\n`),
  );
  await installQuietly(names, services);
  const stillMissing = missing.filter((each) => !each.isThere());
  if (stillMissing.length > 0) {
    throw new SetupError(
      `apt-get installed ${stillMissing.map((each) => each.name).join(', ')}, but it cannot be found where Debian puts it.\n` +
        howToInstall(stillMissing, purpose),
    );
  }
}

/**
 * @param {readonly string[]} names
 * @param {readonly string[]} services
 * @returns {Promise<void>}
 */
async function installQuietly(names, services) {
  // A Ctrl-C goes to apt-get too. We wait for it to end, and put the machine's own files back.
  const wait = () => process.stderr.write('\nStopping when apt-get has stopped …\n');
  process.on('SIGINT', wait);
  process.on('SIGTERM', wait);
  const restore = keepServicesQuiet(services);
  try {
    await withProgress(`Installing ${names.join(', ')}`, () => aptInstall(names));
    await disableServices(services);
  } finally {
    restore();
    process.off('SIGINT', wait);
    process.off('SIGTERM', wait);
  }
}

/**
 * @param {readonly string[]} names
 * @returns {Promise<void>}
 */
async function aptInstall(names) {
  const env = { ...process.env, DEBIAN_FRONTEND: 'noninteractive', LC_ALL: 'C' };
  const patience = ['-o', 'DPkg::Lock::Timeout=300', '-o', 'Acquire::Retries=3'];
  const install = ['install', '-y', '-q', '--no-install-recommends', ...patience, ...names];
  const first = await runCommand('apt-get', install, { env });
  if (first.code === 0) return;
  // The package lists are missing or older than the archive.
  const updated = await runCommand('apt-get', ['update', '-q', ...patience], { env });
  const second = await runCommand('apt-get', install, { env });
  if (second.code === 0) return;
  const cause = updated.code === 0 ? second : updated;
  throw new SetupError(
    `apt-get could not install ${names.join(', ')}:\n${lastLines(cause.output)}\n` +
      `Try it by hand: apt-get update && apt-get install --no-install-recommends ${names.join(' ')}`,
  );
}

/**
 * Debian enables a package's service at install, for the next boot. Ours starts its own server, so the
 * service stays off until somebody wants it.
 * @param {readonly string[]} services
 * @returns {Promise<void>}
 */
async function disableServices(services) {
  if (services.length === 0 || !existsSync('/usr/bin/systemctl')) return;
  const disabled = await runCommand('systemctl', ['disable', '--quiet', ...services], { timeoutMs: 30_000 });
  if (disabled.code !== 0) {
    process.stderr.write(
      `Their services could not be disabled for the next boot:\n${lastLines(disabled.output, 3)}\n`,
    );
  }
}
