import {
  chmodSync,
  existsSync,
  lstatSync,
  mkdirSync,
  readdirSync,
  symlinkSync,
  writeFileSync,
} from 'node:fs';
import { join } from 'node:path';
import { unpackDebianPackage } from './debian-packages.mjs';
import { withProgress } from './progress.mjs';
import { lastLines, runCommand } from './run-command.mjs';
import { SetupError } from './setup-error.mjs';
import { toolchainFolder } from './toolchain.mjs';

const RELEASE = 'trixie';
const PROGRAMS = ['rabbitmq-server', 'erl', 'epmd'];

/**
 * Runs the program that it is named after out of the folder: its `/usr` lies over the machine's, for this process
 * and its children alone, so that everything else (data, configuration, ports) is where it is for everybody. An
 * ordinary user is root in a namespace of his own, as far as the mount goes.
 */
const WRAPPER = `#!/bin/sh
set -e
link=$(readlink -f "$(dirname "$0")")
tree=$(dirname "$link")/tree
case $(basename "$0") in
  rabbitmq-server) program=/usr/lib/rabbitmq/bin/rabbitmq-server ;;
  *) program=/usr/bin/$(basename "$0") ;;
esac
[ "$(id -u)" = 0 ] || user=--map-root-user
exec unshare $user --mount -- /bin/sh -c '
  tree=$1 program=$2
  shift 2
  mount --bind "$tree/usr" /usr
  PATH=/usr/sbin:/usr/bin exec "$program" "$@"' sh "$tree" "$program" "$@"
`;

/**
 * Brings the RabbitMQ 4 of Debian 13 into `.toolchain/`, beside whatever RabbitMQ the machine has.
 * @returns {Promise<string>} the folder of its `rabbitmq-server`, `erl` and `epmd`
 */
export async function ensureRabbitMq4() {
  const folder = join(toolchainFolder, `rabbitmq-${RELEASE}`);
  const tree = join(folder, 'tree');
  const programs = join(folder, 'bin');
  await checkMachine();
  if (!existsSync(tree)) {
    mkdirSync(folder, { recursive: true });
    await withProgress("Fetching Debian 13's RabbitMQ 4 into .toolchain/", () =>
      unpackDebianPackage({ release: RELEASE, name: 'rabbitmq-server', folder: tree }),
    );
  }
  mkdirSync(programs, { recursive: true });
  const wrapper = join(programs, 'inside');
  writeFileSync(wrapper, WRAPPER);
  chmodSync(wrapper, 0o755);
  for (const program of PROGRAMS) makeLink('inside', join(programs, program));
  // Beside the programs, as in every installation: what is found there tells the version.
  const library = join('tree', 'usr', 'lib', 'rabbitmq', 'lib');
  const [home] = readdirSync(join(folder, library));
  if (home !== undefined) makeLink(join(library, home, 'plugins'), join(folder, 'plugins'));
  await checkErlang(programs);
  return programs;
}

/**
 * @param {string} target
 * @param {string} link
 * @returns {void}
 */
function makeLink(target, link) {
  if (lstatSync(link, { throwIfNoEntry: false }) === undefined) symlinkSync(target, link);
}

/** @returns {Promise<void>} */
async function checkMachine() {
  const needs = ['apt-get', 'dpkg-deb', 'unshare'];
  const hasAll = needs.every((program) => existsSync(join('/usr/bin', program)));
  if (process.platform !== 'linux' || !hasAll) {
    throw new SetupError(
      `These tests fetch RabbitMQ 4 from Debian 13 with ${needs.join(', ')}, and this machine does not have all of these.\n` +
        'Run them on Debian 12 or newer, or where RabbitMQ 4 is installed: TILLCAST_RABBITMQ_BIN=<folder of its rabbitmq-server, erl and epmd> npm test',
    );
  }
}

/**
 * @param {string} programs
 * @returns {Promise<void>}
 */
async function checkErlang(programs) {
  const args = ['-noshell', '-eval', 'halt(0).'];
  const { code, output } = await runCommand(join(programs, 'erl'), args, { timeoutMs: 60_000 });
  if (code === 0) return;
  throw new SetupError(
    `Debian 13's Erlang was fetched and does not run:\n${lastLines(output)}\n` +
      'It needs a mount of its own (unshare --mount): run this as root, in a container with the privilege to mount, or as a user who may make user namespaces (sysctl kernel.unprivileged_userns_clone=1). Remove .toolchain/rabbitmq-trixie to fetch it anew.',
  );
}
