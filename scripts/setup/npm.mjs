import { lastLines, runCommand } from './run-command.mjs';

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
