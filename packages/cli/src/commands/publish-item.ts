import { readFile } from 'node:fs/promises';
import { resolve } from 'node:path';
import { TillcastError } from '@tillcast/protocol/errors';
import { type CommitResult, MAX_OPERATIONS } from '@tillcast/protocol/http/admin-api';
import { rowOf } from '@tillcast/protocol/items/item';
import { type ItemKind, PLURAL } from '@tillcast/protocol/items/kind';
import { type LicenseKey, parseLicenseKey } from '@tillcast/protocol/license-key';
import type { Operation } from '@tillcast/protocol/operation';
import { z } from 'zod';
import { withClient } from '../api/with-client.ts';
import { type CliCommand, defineCommand } from '../command.ts';
import type { CliContext } from '../context.ts';
import type { Given } from '../input/given.ts';
import { usageError } from '../input/parse.ts';
import { commitLine } from '../output/commit-line.ts';
import { LICENSE_FLAG } from './flags.ts';

interface Input {
  readonly license: LicenseKey;
  readonly operations: readonly Operation[];
}

const SAMPLES: Readonly<Record<ItemKind, string>> = {
  product: '{"id":"tea","name":"Tea","price":2.4,"currency":"EUR","category_id":"hot-drinks"}',
  category: '{"id":"hot-drinks","name":"Hot drinks","color":"#0B6B63"}',
  modifier:
    '{"id":"milk","name":"Milk","currency":"EUR","options":[{"id":"oat","name":"Oat","price_delta":0.4}]}',
  table: '{"id":"t7","name":"Table 7","area":"Terrace","seats":4}',
  user: '{"id":"mia","name":"Mia","role":"manager"}',
};

/** `publish product` and its like: one command for each kind of items. */
export function publishItem(kind: ItemKind): CliCommand {
  return defineCommand<Input, CommitResult>({
    description: `Write one ${kind}, or a list of ${PLURAL[kind]}, whole: what is left out takes its default. Several are one change.`,
    examples: [
      `tillcast publish ${kind} --license EXTRO-LIFE-XYZ789 --item '${SAMPLES[kind]}'`,
      `tillcast publish ${kind} --license EXTRO-LIFE-XYZ789 --file ${PLURAL[kind]}.json`,
    ],
    flags: [
      LICENSE_FLAG,
      { flags: '--item <json>', description: 'The item, or an array of items, as JSON' },
      { flags: '--file <path>', description: 'A file that holds the same' },
    ],
    validate: async (given, context) => ({
      license: parseLicenseKey(given.required('license')),
      operations: operationsOf(kind, await readItems(given, context)),
    }),
    run: ({ license, operations }, context) =>
      withClient(context, (client) => client.commit(license, operations)),
    print: (result, context) => context.out.write(commitLine(result, context)),
  });
}

async function readItems(given: Given, context: CliContext): Promise<unknown> {
  const item = given.text('item');
  const file = given.text('file');
  if ((item === undefined) === (file === undefined)) {
    throw usageError('Give either --item with the JSON or --file with the path of a file that holds it.');
  }
  if (item !== undefined) return parseJson(item, '--item');
  const path = resolve(context.cwd, file ?? '');
  try {
    return parseJson(await readFile(path, 'utf8'), path);
  } catch (cause) {
    if (cause instanceof TillcastError) throw cause;
    const reason = cause instanceof Error ? cause.message : String(cause);
    throw new TillcastError('not_found', `The file ${path} cannot be read: ${reason}.`, { cause });
  }
}

function parseJson(text: string, where: string): unknown {
  try {
    return JSON.parse(text);
  } catch (cause) {
    const reason = cause instanceof Error ? cause.message : String(cause);
    throw usageError(`${where} is not JSON: ${reason}.`, cause);
  }
}

const objectSchema = z.record(z.string(), z.unknown());

function operationsOf(kind: ItemKind, value: unknown): readonly Operation[] {
  const items: readonly unknown[] = Array.isArray(value) ? value : [value];
  if (items.length === 0 || items.length > MAX_OPERATIONS) {
    throw usageError(
      `There are ${items.length} items, and it takes 1 to ${MAX_OPERATIONS} at once; \`tillcast import\` takes any number.`,
    );
  }
  return items.map((item) => {
    rowOf(kind, item);
    return { op: 'put', kind, item: objectSchema.parse(item) };
  });
}
