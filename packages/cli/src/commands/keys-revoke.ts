import { type RevokedKey, signingKeyIdSchema } from '@tillcast/protocol/http/admin-api';
import { withClient } from '../api/with-client.ts';
import { type CliCommand, defineCommand } from '../command.ts';
import type { CliContext } from '../context.ts';
import { quoted, usageError } from '../input/parse.ts';
import { keyLines } from '../output/key-lines.ts';

export const keysRevoke: CliCommand = defineCommand<string, RevokedKey>({
  description:
    'Take a signing key that got into other hands: what it signed counts no more at any backend. Of a key of tokens RabbitMQ is told too, and every till signs in anew; of a key of messages the tills hear with their next token. Whoever has one key from the database may have them all: then revoke each that is listed.',
  examples: ['tillcast keys revoke dMw8SsLDZ6GFkpfDVSJSL6BQ0PbSEZ9xEdmvy0ZbPmw'],
  arguments: [{ name: 'kid', description: 'The key, as tillcast keys list shows it' }],
  flags: [],
  validate: (given) => {
    const text = given.argument(0);
    const kid = signingKeyIdSchema.safeParse(text);
    if (kid.success) return kid.data;
    throw usageError(`A key's name has 43 letters and digits, - and _; ${quoted(text)} is none.`);
  },
  run: (kid, context) => withClient(context, (client) => client.revokeKey(kid)),
  print: ({ keys, broker }, context) => {
    context.out.write(keyLines(keys, context));
    writeNextStep(broker, context);
  },
  json: (revoked) => revoked,
});

/** What the operator has to know or do, which is no data. */
function writeNextStep(broker: RevokedKey['broker'], { err }: Pick<CliContext, 'err'>): void {
  if (broker === null) {
    err.write(
      'Tills believe the key until their next token, which with tokens of ten minutes comes within seven.\n',
    );
    return;
  }
  if (broker.asked) {
    err.write(
      `RabbitMQ fetched the keys anew, and ${broker.connections_closed} connections of tokens were closed: their tills come back by themselves.\n`,
    );
    if (broker.nodes_left.length === 0) return;
    err.write(
      `Of its ${broker.nodes} nodes ${broker.nodes_left.join(' and ')} could not be told, and ${broker.nodes_left.length === 1 ? 'takes' : 'take'} the key until then: restart ${broker.nodes_left.length === 1 ? 'it' : 'them, one after the other'}. RABBITMQ_MANAGEMENT_URL must name each node's own address, by comma.\n`,
    );
    return;
  }
  err.write(
    'RabbitMQ could not be told: it takes tokens of this key until it fetches the keys anew. Restart every node now, one after the other: that closes their connections too.\n',
  );
}
