import { resolve } from 'node:path';
import { ITEM_KINDS, type ItemKind, isItemKind } from '@tillcast/protocol/items/kind';
import { type LicenseKey, parseLicenseKey } from '@tillcast/protocol/license-key';
import type { Currency } from '@tillcast/protocol/money';
import { withClient } from '../api/with-client.ts';
import { type CliCommand, defineCommand } from '../command.ts';
import { type ImportReport, importCatalog } from '../import/import-catalog.ts';
import { formatOf, type ImportFormat, readOperations } from '../import/read-operations.ts';
import { openSource } from '../import/source-file.ts';
import { parseCurrency, quoted, usageError } from '../input/parse.ts';
import { commitLine } from '../output/commit-line.ts';
import { count, counted, duration, rate } from '../output/figures.ts';
import { bar, startLiveLine } from '../output/live-line.ts';
import { CURRENCY_FLAG, LICENSE_FLAG } from './flags.ts';

interface Input {
  readonly path: string;
  readonly license: LicenseKey;
  readonly format: ImportFormat;
  readonly kind: ItemKind;
  readonly map: readonly string[];
  readonly currency: Currency | undefined;
  readonly partial: boolean;
}

export const importFile: CliCommand = defineCommand<Input, ImportReport>({
  description:
    'Import a CSV or JSON lines file (.gz too) into a license’s catalog, as one change. A bad row anywhere, and nothing is done, unless --partial. JSON lines hold operations ({"op":"put",…}) or items of --kind.',
  examples: [
    'tillcast import demo/online-retail/products.csv --license EXTRO-LIFE-ABC123',
    'tillcast import demo/cafe-nord/menu.jsonl --license EXTRO-LIFE-XYZ789',
    'tillcast import articles.csv --license EXTRO-LIFE-ABC123 --map id=number,price=gross --currency EUR --partial',
  ],
  arguments: [{ name: 'file', description: 'The file to read' }],
  flags: [
    LICENSE_FLAG,
    { flags: '--kind <kind>', description: 'What the rows are', choices: ITEM_KINDS, fallback: 'product' },
    {
      flags: '--format <format>',
      description: 'How the file is written',
      choices: ['csv', 'jsonl'],
      fallback: 'by the file’s name',
    },
    {
      flags: '--map <field=column>',
      description:
        'Which column fills which field, where the headings do not say; price_minor is a price in the smallest unit, category a category’s name',
      repeatable: true,
    },
    { ...CURRENCY_FLAG, fallback: 'the row’s own; GBP for price_pence' },
    { flags: '--partial', description: 'Import the good rows and report the bad ones' },
  ],
  validate: (given, context) => {
    const kind = given.text('kind') ?? 'product';
    if (!isItemKind(kind)) throw usageError(`${quoted(kind)} is not one of ${ITEM_KINDS.join(', ')}.`);
    const path = resolve(context.cwd, given.argument(0));
    const format = given.text('format') ?? formatOf(path);
    if (format !== 'csv' && format !== 'jsonl') {
      throw usageError(
        `The name of ${path} does not say how it is written: give --format csv or --format jsonl.`,
      );
    }
    const currency = given.text('currency');
    const license = parseLicenseKey(given.required('license'));
    return {
      path,
      license,
      format,
      kind,
      map: given.list('map'),
      currency: currency === undefined ? undefined : parseCurrency(currency),
      partial: given.isOn('partial'),
    };
  },
  run: async (input, context) => {
    const source = await openSource(input.path);
    const operations = readOperations(source, input.format, {
      ...input,
      onMapping: ({ unused }) => {
        if (unused.length > 0) context.err.write(`Columns that nothing is read from: ${unused.join(', ')}\n`);
      },
    });
    let read = 0;
    const line = startLiveLine(context.err, () => {
      const done = source.fraction();
      return done < 1
        ? `${bar(done)} ${Math.floor(done * 100)} %  ${counted(read, 'row')}`
        : `${bar(1)} ${counted(read, 'row')}, committing`;
    });
    try {
      return await withClient(context, (client) =>
        importCatalog(client, operations, {
          license: input.license,
          partial: input.partial,
          onRow: (soFar) => {
            read = soFar;
          },
        }),
      );
    } finally {
      line.end();
    }
  },
  print: (report, context) => {
    const { out, err, errStyles } = context;
    out.write(commitLine(report, context));
    out.write(
      `${counted(report.read, 'row')} in ${duration(report.duration_ms)}, ${rate(report.read, report.duration_ms, 'rows')}\n`,
    );
    if (report.rejected === 0) return;
    err.write(`${errStyles.warning(`${counted(report.rejected, 'row')} left out`)}\n`);
    for (const { pointer, detail } of report.errors) err.write(`  ${pointer}: ${detail}\n`);
    if (report.rejected > report.errors.length) {
      err.write(`  and ${count(report.rejected - report.errors.length)} more\n`);
    }
  },
});
