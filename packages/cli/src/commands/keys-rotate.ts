import { KEY_PURPOSES, type KeyPurpose, type SigningKey } from '@tillcast/protocol/http/admin-api';
import { withClient } from '../api/with-client.ts';
import { type CliCommand, defineCommand } from '../command.ts';
import { quoted, usageError } from '../input/parse.ts';
import { keyLines } from '../output/key-lines.ts';

export const keysRotate: CliCommand = defineCommand<KeyPurpose, readonly SigningKey[]>({
  description:
    'Let the next key sign from now on, and make a new next one. Nothing is interrupted: what the key before has signed stays good, tokens until they end, messages for a week.',
  examples: ['tillcast keys rotate token', 'tillcast keys rotate message'],
  arguments: [{ name: 'purpose', description: 'Which key', choices: KEY_PURPOSES }],
  flags: [],
  validate: (given) => {
    const text = given.argument(0);
    const purpose = KEY_PURPOSES.find((word) => word === text);
    if (purpose !== undefined) return purpose;
    throw usageError(`The purpose must be one of ${KEY_PURPOSES.join(', ')}, and is ${quoted(text)}.`);
  },
  run: (purpose, context) => withClient(context, (client) => client.rotateKey(purpose)),
  print: (keys, context) => context.out.write(keyLines(keys, context)),
  json: (keys) => ({ keys }),
});
