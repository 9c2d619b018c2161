import { resolve } from 'node:path';
import type { Restored, RestoreTarget } from '@tillcast/backend/backup';
import { findDataDir } from '../api/locate.ts';
import { type CliCommand, defineCommand } from '../command.ts';
import { existing } from '../input/existing-file.ts';
import { counted } from '../output/figures.ts';

interface Input {
  readonly path: string;
  readonly target: RestoreTarget;
  readonly plaintextWarnings: readonly string[];
  readonly withoutKeys: boolean;
}

export const backupRestore: CliCommand = defineCommand<Input, Restored & { readonly target: RestoreTarget }>({
  description:
    'Restore a backup into an empty database, while no backend runs on it: the PostgreSQL of DATABASE_URL, else the embedded one of TILLCAST_DATA_DIR (.tillcast). All of it or nothing. Every license gets a new epoch, so every till takes the whole catalog again and keeps its sales. What was done after the backup is undone: a license that was suspended, a terminal that was revoked or activated since; do it again.',
  examples: [
    'DATABASE_URL=postgresql://tillcast:…@localhost/tillcast_restored tillcast backup restore tillcast-monday.gz',
    'TILLCAST_DATA_DIR=restored tillcast backup restore tillcast-monday.gz',
  ],
  arguments: [{ name: 'file', description: 'The backup' }],
  flags: [
    {
      flags: '--without-keys',
      description:
        'Leave the signing keys out, where the secret key that sealed them is lost: the backend makes new ones, and tills ask for them',
    },
  ],
  local: true,
  validate: async (given, context) => {
    const { readRestoreTarget } = await import('@tillcast/backend/backup');
    return {
      path: await existing(resolve(context.cwd, given.argument(0))),
      ...readRestoreTarget({ ...context.env, TILLCAST_DATA_DIR: await findDataDir(context) }),
      withoutKeys: given.isOn('withoutKeys'),
    };
  },
  run: async ({ path, target, plaintextWarnings, withoutKeys }, { err, errStyles }) => {
    for (const fact of plaintextWarnings)
      err.write(`${errStyles.warning(`${fact}; TILLCAST_PLAINTEXT allows it.`)}\n`);
    const { restoreFile } = await import('@tillcast/backend/backup');
    const restored = await restoreFile(path, target, { withoutKeys, now: () => new Date() });
    return { ...restored, target };
  },
  print: ({ target, licenses, rows, takenAt }, { out, err, outStyles, errStyles }) => {
    const where = target.engine === 'embedded' ? target.dataDir : 'the database of DATABASE_URL';
    out.write(
      `${outStyles.ok(`${where}: ${counted(licenses, 'license')}, ${counted(rows, 'row')} as of ${takenAt}`)}\n`,
    );
    err.write(
      `${errStyles.warning(`What was done after ${takenAt} is undone. Suspend, revoke and activate again what was since; start the backend with the same TILLCAST_SECRET_KEY.`)}\n`,
    );
  },
  json: ({ target, licenses, rows, takenAt }) => ({
    engine: target.engine,
    licenses,
    rows,
    taken_at: takenAt,
  }),
});
