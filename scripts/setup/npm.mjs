import { runCommand } from './run-command.mjs';

/**
 * Runs npm quietly, with the Node that this process runs on: a distribution's npm may work with its own
 * Node only.
 * @param {readonly string[]} args
 * @param {string} cwd
 * @returns {Promise<import('./run-command.mjs').CommandResult>}
 */
export function npm(args, cwd) {
  const cli = process.env['npm_execpath'];
  /** @type {NodeJS.ProcessEnv} */
  const env = { ...process.env };
  // What `npm start -w …` and the like told the npm that runs us is not meant for this one.
  for (const name of ['npm_config_workspace', 'npm_config_workspaces', 'npm_config_local_prefix']) {
    delete env[name];
  }
  if (cli !== undefined && /npm-cli\.c?js$/.test(cli)) {
    return runCommand(process.execPath, [cli, ...args], { cwd, env });
  }
  return runCommand('npm', args, { cwd, env });
}
