import type { SigningKey } from '@tillcast/protocol/http/admin-api';
import { withClient } from '../api/with-client.ts';
import { type CliCommand, defineCommand } from '../command.ts';
import { keyLines } from '../output/key-lines.ts';

export const keysList: CliCommand = defineCommand<null, readonly SigningKey[]>({
  description:
    'List the keys that sign access tokens and messages. Only their names: no part of a key is shown.',
  examples: ['tillcast keys list'],
  flags: [],
  validate: () => null,
  run: (_input, context) => withClient(context, (client) => client.keys()),
  print: (keys, context) => context.out.write(keyLines(keys, context)),
  json: (keys) => ({ keys }),
});
