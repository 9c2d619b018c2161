import { mkdirSync, renameSync, rmSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { machineNpm, npmErrors } from './npm.mjs';
import { withProgress } from './progress.mjs';
import { lastLines, runCommand } from './run-command.mjs';
import { SetupError } from './setup-error.mjs';
import {
  fetchedNode,
  findNode,
  NPM_VERSION,
  nodePackage,
  REQUIRED_NODE_MAJOR,
  root,
  toolchainFolder,
} from './toolchain.mjs';

/**
 * Brings a Node that is new enough: the running one, one fetched before, else a fresh one from the npm
 * registry in `.toolchain/`. The machine's own Node is not touched.
 * @returns {Promise<string>} the program's absolute path
 */
export async function ensureNode() {
  const found = findNode();
  if (found !== undefined) return found;
  const installYourself = `Install Node.js ${REQUIRED_NODE_MAJOR} or newer (https://nodejs.org) and try again.`;
  const wanted = nodePackage();
  if (wanted === undefined) {
    throw new SetupError(
      `This is Node.js ${process.versions.node}, and none newer can be fetched for ${process.platform} on ${process.arch}.\n${installYourself}`,
    );
  }
  const { folder, program } = fetchedNode(wanted);
  const partial = join(toolchainFolder, `partial-${process.pid}`);
  mkdirSync(partial, { recursive: true });
  writeFileSync(join(partial, 'package.json'), '{ "private": true }\n');
  const specs = [`${wanted.name}@${wanted.version}`, `npm@${NPM_VERSION}`];
  const label = `This is Node.js ${process.versions.node}: fetching ${wanted.version} into .toolchain/`;
  try {
    await withProgress(label, async () => {
      const installed = await machineNpm(
        [
          'install',
          ...specs,
          '--no-save',
          '--no-package-lock',
          '--ignore-scripts',
          '--engine-strict=false',
          '--no-audit',
          '--no-fund',
        ],
        partial,
      );
      if (installed.code !== 0) {
        throw new SetupError(
          `Node.js ${wanted.version} could not be fetched from the npm registry:\n${npmErrors(installed.output)}\n` +
            `Check the network and npm's registry and proxy settings, or do it by hand: ${installYourself}`,
        );
      }
      const partialProgram = program.replace(folder, partial);
      const tried = await runCommand(partialProgram, ['--version'], { cwd: root });
      if (tried.code !== 0) {
        throw new SetupError(
          `The Node.js ${wanted.version} from the npm registry does not run on this machine:\n${lastLines(tried.output)}\n${installYourself}`,
        );
      }
      rmSync(folder, { recursive: true, force: true });
      renameSync(partial, folder);
    });
  } finally {
    rmSync(partial, { recursive: true, force: true });
  }
  return program;
}
