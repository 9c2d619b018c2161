import { access, type FileHandle, open, rename, rm } from 'node:fs/promises';
import { dirname, resolve } from 'node:path';
import type { BackupSummary } from '@tillcast/backend/backup';
import { TillcastError } from '@tillcast/protocol/errors';
import { withClient } from '../api/with-client.ts';
import { type CliCommand, defineCommand } from '../command.ts';
import { usageError } from '../input/parse.ts';
import { counted, size } from '../output/figures.ts';

interface Made extends BackupSummary {
  readonly path: string;
  readonly bytes: number;
}

export const backupCreate: CliCommand = defineCommand<string, Made>({
  description:
    'Have the backend make a backup of everything, as of one moment, and check that it is whole. The backend goes on serving (the embedded database waits meanwhile). Keep it as you keep the database: it holds all merchants’ data, hashes of codes and keys, and the signing keys, sealed by the secret key, which is not in it: keep TILLCAST_SECRET_KEY (or .tillcast/secret-key) elsewhere.',
  examples: ['tillcast backup create tillcast-monday.gz'],
  arguments: [{ name: 'file', description: 'The file to make; an existing one is not replaced' }],
  flags: [],
  validate: async (given, context) => {
    const path = resolve(context.cwd, given.argument(0));
    await refuseExisting(path);
    return path;
  },
  run: async (path, context) => {
    const draft = `${path}.part`;
    const { checkBackup } = await import('@tillcast/backend/backup');
    const file = await openDraft(draft);
    try {
      await withClient(context, (client) => client.backup(file.createWriteStream()));
      const summary = await checkBackup(draft);
      const bytes = await syncToDisk(draft);
      await refuseExisting(path);
      await rename(draft, path);
      await syncToDisk(dirname(path));
      return { ...summary, path, bytes };
    } catch (error) {
      await file.close();
      await rm(draft, { force: true });
      throw error;
    }
  },
  print: ({ path, bytes, licenses, rows, taken_at }, { out, outStyles }) => {
    out.write(
      `${outStyles.ok(`${path}: ${counted(licenses, 'license')}, ${counted(rows, 'row')} as of ${taken_at}, ${size(bytes)}`)}\n`,
    );
  },
});

async function openDraft(path: string): Promise<FileHandle> {
  try {
    return await open(path, 'w', 0o600);
  } catch (error) {
    const why = error instanceof Error ? error.message : String(error);
    throw usageError(`The file cannot be made in ${dirname(path)}: ${why}.`);
  }
}

async function refuseExisting(path: string): Promise<void> {
  try {
    await access(path);
  } catch (error) {
    if (error instanceof Error && 'code' in error && error.code === 'ENOENT') return;
    throw error;
  }
  throw new TillcastError(
    'file_foreign',
    `${path} is there already, and is not replaced: name another file.`,
  );
}

/** @returns how large it is */
async function syncToDisk(path: string): Promise<number> {
  await using file = await open(path, 'r');
  await file.sync();
  return (await file.stat()).size;
}
