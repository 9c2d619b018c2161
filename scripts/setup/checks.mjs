import { existsSync, readdirSync } from 'node:fs';
import { join } from 'node:path';
import { runCommand } from './run-command.mjs';
import { root, toolEnvironment } from './toolchain.mjs';

/**
 * @returns {{ name: string, command: string, args: string[] }[]}
 */
function allChecks() {
  const projects = ['.', 'scripts', ...readdirSync(join(root, 'packages')).map((room) => `packages/${room}`)];
  const shellScripts = [join('.ci', 'run')];
  return [
    { name: 'format', command: 'biome', args: ['check', '.'] },
    { name: 'lint', command: 'oxlint', args: [] },
    ...projects
      .filter((project) => existsSync(join(root, project, 'tsconfig.json')))
      .map((project) => ({
        name: project === '.' ? 'types' : `types of ${project}`,
        command: 'tsc',
        args: ['-p', project],
      })),
    {
      name: 'dead files and dependencies',
      command: 'knip',
      args: ['--include', 'files,dependencies,unlisted,unresolved,binaries', '--no-config-hints'],
    },
    ...shellScripts.map((script) => ({ name: script, command: 'bash', args: ['-n', script] })),
  ];
}

/**
 * Format, lint (types and layer rules included), types and shell syntax. Prints a line for each, and the
 * findings of what failed.
 * @param {string} node the Node to run the tools with
 * @returns {Promise<boolean>} whether all is well
 */
export async function check(node) {
  let allWell = true;
  for (const { name, command, args } of allChecks()) {
    const startedAtMs = Date.now();
    const { code, output } = await runCommand(command, args, { cwd: root, env: toolEnvironment(node) });
    const seconds = ((Date.now() - startedAtMs) / 1000).toFixed(1);
    process.stdout.write(`${code === 0 ? '✓' : '✗'} ${name} (${seconds} s)\n`);
    if (code !== 0) {
      allWell = false;
      process.stdout.write(`${output.trimEnd()}\n`);
    }
  }
  if (!allWell) process.stdout.write('\n`npm run fix` puts right what can be put right by a program.\n');
  return allWell;
}
