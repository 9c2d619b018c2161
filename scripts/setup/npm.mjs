import { existsSync } from 'node:fs';
import { lastLines, runCommand } from './run-command.mjs';
import { fetchedNode, nodePackage, toolEnvironment } from './toolchain.mjs';

/**
 * Runs the machine's npm quietly, with the Node that this process runs on: a distribution's npm may work with
 * its own Node only.
 * @param {readonly string[]} args
 * @param {string} cwd
 * @returns {Promise<import('./run-command.mjs').CommandResult>}
 */
export function machineNpm(args, cwd) {
  const env = cleanEnvironment(process.env);
  const cli = env['npm_execpath'];
  if (cli !== undefined && /npm-cli\.c?js$/.test(cli)) {
    return runCommand(process.execPath, [cli, ...args], { cwd, env });
  }
  return runCommand('npm', args, { cwd, env });
}

/**
 * Runs the npm that goes with the project's Node: the fetched one where Node was fetched, else the machine's.
 * npm leaves out optional packages that do not suit the Node it runs on, so an older one will not do.
 * @param {string} node the project's Node
 * @param {readonly string[]} args
 * @param {string} cwd
 * @returns {Promise<import('./run-command.mjs').CommandResult>}
 */
export function projectNpm(node, args, cwd) {
  const wanted = nodePackage();
  const fetched = wanted === undefined ? undefined : fetchedNode(wanted);
  if (fetched?.program === node && existsSync(fetched.npmCli)) {
    return runCommand(node, [fetched.npmCli, ...args], { cwd, env: cleanEnvironment(toolEnvironment(node)) });
  }
  return machineNpm(args, cwd);
}

/**
 * What `npm start -w …` and the like told the npm that runs us is not meant for another.
 * @param {NodeJS.ProcessEnv} env
 * @returns {NodeJS.ProcessEnv}
 */
function cleanEnvironment(env) {
  const cleaned = { ...env };
  for (const name of ['npm_config_workspace', 'npm_config_workspaces', 'npm_config_local_prefix']) {
    delete cleaned[name];
  }
  return cleaned;
}

/**
 * What npm said was wrong: its first error lines, without the usage and the paths of its logs.
 * @param {string} output
 * @returns {string} indented by two spaces
 */
export function npmErrors(output) {
  const errors = output
    .split('\n')
    .map((line) => /^npm (?:error|ERR!) (.*\S)/.exec(line)?.[1])
    .filter((line) => line !== undefined && !/^(?:A complete log|Usage:|Run "npm help)/.test(line))
    .slice(0, 10);
  return errors.length === 0 ? lastLines(output) : errors.map((line) => `  ${line}`).join('\n');
}
