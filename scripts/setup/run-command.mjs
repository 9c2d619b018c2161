import { spawn } from 'node:child_process';
import { stripVTControlCharacters } from 'node:util';

/**
 * @typedef {object} CommandResult
 * @property {number} code the exit code; 127 when the command does not exist, 128 when a signal ended it
 * @property {string} output what it wrote, standard output and error as they came
 */

/**
 * Runs a command to its end and keeps what it writes. Never rejects because of how the command ended.
 * @param {string} command
 * @param {readonly string[]} args
 * @param {{ cwd?: string, env?: NodeJS.ProcessEnv, timeoutMs?: number }} [options]
 * @returns {Promise<CommandResult>}
 */
export function runCommand(command, args, options = {}) {
  return new Promise((resolve) => {
    const child = spawn(command, args, {
      cwd: options.cwd,
      // What it writes may be shown later, in another place than a terminal.
      env: { ...(options.env ?? process.env), NO_COLOR: '1' },
      stdio: ['ignore', 'pipe', 'pipe'],
      timeout: options.timeoutMs,
    });
    let output = '';
    /** @param {Buffer} chunk */
    const keep = (chunk) => {
      output += chunk.toString('utf8');
    };
    child.stdout.on('data', keep);
    child.stderr.on('data', keep);
    child.on('error', (error) => resolve({ code: 127, output: `${output}${error.message}` }));
    child.on('close', (code) => resolve({ code: code === null ? 128 : code, output }));
  });
}

/**
 * The last lines of a command's output, for an error message.
 * @param {string} output
 * @param {number} [count] how many lines
 * @returns {string} indented by two spaces
 */
export function lastLines(output, count = 12) {
  return stripVTControlCharacters(output)
    .trimEnd()
    .split('\n')
    .slice(-count)
    .map((line) => `  ${line}`)
    .join('\n');
}
