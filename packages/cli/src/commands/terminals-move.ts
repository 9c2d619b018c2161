import { withClient } from '../api/with-client.ts';
import { type CliCommand, defineCommand } from '../command.ts';
import { parseTerminalId } from '../input/terminal-id.ts';
import { printActivationCode } from '../output/activation-code.ts';

export const terminalsMove: CliCommand = defineCommand<string, { readonly activation_code: string }>({
  description:
    'Move a terminal’s place to another machine: the terminal is revoked, and a code is shown, once, that activates the other one under the same name within a day.',
  examples: ['tillcast terminals move 0192f0c1-7a52-7c3e-9d3a-3f1c6f1d2a10'],
  arguments: [{ name: 'id', description: 'The id of the terminal that is replaced' }],
  flags: [],
  validate: (given) => parseTerminalId(given.argument(0)),
  run: (id, context) => withClient(context, (client) => client.moveTerminal(id)),
  print: ({ activation_code }, context) => {
    printActivationCode(
      activation_code,
      context,
      'It works once, within a day: `tillcast terminal activate` on the new machine.',
    );
  },
});
