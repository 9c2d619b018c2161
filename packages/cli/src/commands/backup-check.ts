import { resolve } from 'node:path';
import type { BackupSummary } from '@tillcast/backend/backup';
import { type CliCommand, defineCommand } from '../command.ts';
import { existing } from '../input/existing-file.ts';
import { counted } from '../output/figures.ts';

export const backupCheck: CliCommand = defineCommand<string, BackupSummary>({
  description:
    'Read a backup to its end: that nothing is missing or was changed, and that every catalog is what it says it is. Nothing is restored.',
  examples: ['tillcast backup check tillcast-monday.gz'],
  arguments: [{ name: 'file', description: 'The backup' }],
  flags: [],
  local: true,
  validate: (given, context) => existing(resolve(context.cwd, given.argument(0))),
  run: async (path) => {
    const { checkBackup } = await import('@tillcast/backend/backup');
    return checkBackup(path);
  },
  print: ({ licenses, rows, taken_at }, { out, outStyles }) =>
    out.write(
      `${outStyles.ok(`Whole: ${counted(licenses, 'license')}, ${counted(rows, 'row')} as of ${taken_at}`)}\n`,
    ),
});
