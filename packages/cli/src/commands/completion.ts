import { type CliCommand, defineCommand } from '../command.ts';
import { completionScript, type Shell } from '../completion-script.ts';
import { quoted, usageError } from '../input/parse.ts';
import { COMMANDS } from '../registry.ts';

export const completion: CliCommand = defineCommand<Shell, string>({
  description: 'Print the completion script of a shell, to be read at its start.',
  examples: ['source <(tillcast completion bash)', 'tillcast completion zsh > ~/.zfunc/_tillcast'],
  arguments: [{ name: 'shell', description: 'For which shell', choices: ['bash', 'zsh'] }],
  flags: [],
  local: true,
  validate: (given) => {
    const shell = given.argument(0);
    if (shell === 'bash' || shell === 'zsh') return shell;
    throw usageError(`${quoted(shell)} is neither bash nor zsh.`);
  },
  run: async (shell) => {
    const commands = await Promise.all(
      COMMANDS.map(async (entry) => ({ path: entry.path, flags: (await entry.load()).flags })),
    );
    return completionScript(shell, commands);
  },
  print: (script, { out }) => out.write(script),
  json: (script) => ({ script }),
});
