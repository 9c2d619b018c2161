import type { TerminalStatus } from '@tillcast/protocol/http/admin-api';
import { terminalNameSchema } from '@tillcast/protocol/http/identity-api';
import { withClient } from '../api/with-client.ts';
import { type CliCommand, defineCommand } from '../command.ts';
import { quoted, usageError } from '../input/parse.ts';
import { parseTerminalId } from '../input/terminal-id.ts';

interface Input {
  readonly id: string;
  readonly name: string;
}

export const terminalsRename: CliCommand = defineCommand<Input, TerminalStatus>({
  description: 'Give a terminal another name.',
  examples: ['tillcast terminals rename 0192f0c1-7a52-7c3e-9d3a-3f1c6f1d2a10 Bar'],
  arguments: [
    { name: 'id', description: 'The terminal’s id' },
    { name: 'name', description: 'Its new name' },
  ],
  flags: [],
  validate: (given) => {
    const name = terminalNameSchema.safeParse(given.argument(1));
    if (!name.success) {
      const rule = 'A name has 1 to 64 characters, and no control characters';
      throw usageError(`${rule}: ${quoted(given.argument(1))} does not do.`, name.error);
    }
    return { id: parseTerminalId(given.argument(0)), name: name.data };
  },
  run: ({ id, name }, context) => withClient(context, (client) => client.renameTerminal(id, name)),
  print: ({ terminal_id, name }, context) => {
    context.out.write(`${context.outStyles.ok('renamed')}  ${terminal_id} is ${name}\n`);
  },
});
