import type { CommitResult } from '@tillcast/protocol/http/admin-api';
import { ITEM_KINDS, type ItemKind, isItemKind } from '@tillcast/protocol/items/kind';
import { type LicenseKey, parseLicenseKey } from '@tillcast/protocol/license-key';
import { withClient } from '../api/with-client.ts';
import { type CliCommand, defineCommand } from '../command.ts';
import { parseItemId } from '../input/item-id.ts';
import { quoted, usageError } from '../input/parse.ts';
import { commitLine } from '../output/commit-line.ts';
import { LICENSE_FLAG } from './flags.ts';

interface Input {
  readonly license: LicenseKey;
  readonly kind: ItemKind;
  readonly id: string;
}

export const publishDelete: CliCommand = defineCommand<Input, CommitResult>({
  description: 'Delete one item from a license’s catalog, and from its tills.',
  examples: ['tillcast publish delete product 85123A --license EXTRO-LIFE-ABC123'],
  arguments: [
    { name: 'kind', description: 'What it is', choices: ITEM_KINDS },
    { name: 'id', description: 'Its id' },
  ],
  flags: [LICENSE_FLAG],
  validate: (given) => {
    const kind = given.argument(0);
    if (!isItemKind(kind)) throw usageError(`${quoted(kind)} is not one of ${ITEM_KINDS.join(', ')}.`);
    return {
      license: parseLicenseKey(given.required('license')),
      kind,
      id: parseItemId(given.argument(1), 'The id'),
    };
  },
  run: ({ license, kind, id }, context) =>
    withClient(context, (client) => client.commit(license, [{ op: 'delete', kind, id }])),
  print: (result, context) => context.out.write(commitLine(result, context)),
});
