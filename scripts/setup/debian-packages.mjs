import { mkdirSync, readdirSync, renameSync, rmSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { lastLines, runCommand } from './run-command.mjs';
import { SetupError } from './setup-error.mjs';

/** Where Debian itself keeps its packages, for a machine that takes its own from elsewhere. */
const DEBIAN_MIRROR = 'http://deb.debian.org/debian';
const KEYRING = '/usr/share/keyrings/debian-archive-keyring.gpg';

/** What a package's program needs beside its dependencies: Debian takes these for granted. */
const ESSENTIALS = 'bash coreutils dash debianutils findutils grep hostname mawk procps sed util-linux'.split(
  ' ',
);

/**
 * Fetches a package of another Debian release, with all that it depends on, and unpacks it into a folder. The
 * machine's own packages are not touched: no package is installed, none of their scripts runs. The machine's apt
 * does the work, with its mirror, proxy and certificates, and checks Debian's signature. Root is not needed.
 * @param {{ release: string, name: string, folder: string }} wanted `folder` must not exist; it is there as a whole
 *   or not at all
 * @returns {Promise<void>}
 */
export async function unpackDebianPackage({ release, name, folder }) {
  const partial = `${folder}.partial-${process.pid}`;
  const apt = join(partial, 'apt');
  const archives = join(apt, 'cache', 'archives');
  try {
    for (const each of [
      join(apt, 'state', 'lists', 'partial'),
      join(archives, 'partial'),
      join(partial, 'tree'),
    ])
      mkdirSync(each, { recursive: true });
    writeFileSync(join(apt, 'status'), '');
    writeFileSync(
      join(apt, 'sources.list'),
      `deb [signed-by=${KEYRING}] ${await mirror()} ${release} main\n`,
    );
    const options = [
      `Dir::State=${join(apt, 'state')}`,
      `Dir::State::status=${join(apt, 'status')}`,
      `Dir::Cache=${join(apt, 'cache')}`,
      `Dir::Etc::SourceList=${join(apt, 'sources.list')}`,
      'Dir::Etc::SourceParts=/dev/null',
      'Dir::Etc::Preferences=/dev/null',
      'Dir::Etc::PreferencesParts=/dev/null',
      // Its own user may not write into a folder of ours.
      'APT::Sandbox::User=root',
      'Acquire::Retries=3',
    ].flatMap((option) => ['-o', option]);
    const what = `${name} of Debian's ${release}`;
    await must(
      'apt-get',
      [...options, 'update', '-q'],
      `Debian's list of packages (${release}) could not be fetched`,
    );
    const install = [
      'install',
      '-y',
      '-q',
      '--no-install-recommends',
      '--download-only',
      name,
      ...ESSENTIALS,
    ];
    await must('apt-get', [...options, ...install], `${what} could not be fetched`);
    for (const file of readdirSync(archives).filter((each) => each.endsWith('.deb'))) {
      await must(
        'dpkg-deb',
        ['-x', join(archives, file), join(partial, 'tree')],
        `${file} could not be unpacked`,
      );
    }
    renameSync(join(partial, 'tree'), folder);
  } finally {
    rmSync(partial, { recursive: true, force: true });
  }
}

/** @returns {Promise<string>} the mirror that this machine takes Debian from, else Debian's own */
async function mirror() {
  const { code, output } = await runCommand('apt-get', [
    'indextargets',
    '--format',
    '$(ORIGIN) $(COMPONENT) $(CODENAME) $(REPO_URI)',
    'Created-By: Packages',
  ]);
  const lines = code === 0 ? output.split('\n').map((line) => line.split(' ')) : [];
  const main = lines.find(
    ([origin, component, codename]) =>
      origin === 'Debian' && component === 'main' && /^[a-z]+$/.test(codename ?? ''),
  );
  return main?.[3] ?? DEBIAN_MIRROR;
}

/**
 * @param {string} command
 * @param {string[]} args
 * @param {string} failure
 * @returns {Promise<void>}
 */
async function must(command, args, failure) {
  const env = { ...process.env, DEBIAN_FRONTEND: 'noninteractive', LC_ALL: 'C' };
  const { code, output } = await runCommand(command, args, { env });
  if (code !== 0) throw new SetupError(`${failure} (${command}):\n${lastLines(output)}`);
}
