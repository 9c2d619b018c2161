import { type BackupHeader, readBackup } from './backup-file.ts';
import { linesOfBackup } from './backup-stream.ts';
import { DigestCheck } from './digest-check.ts';

/** What a backup holds. */
export interface BackupSummary extends BackupHeader {
  readonly rows: number;
}

/**
 * Reads a backup's file to its end.
 * @throws TillcastError `backup_damaged` unless it is whole and every catalog is what it says it is
 */
export async function checkBackup(path: string): Promise<BackupSummary> {
  const { header, rows } = await readBackup(linesOfBackup(path));
  const digests = new DigestCheck();
  let count = 0;
  for await (const { table, row } of rows) {
    digests.add(table, [row]);
    count += 1;
  }
  digests.end();
  return { ...header, rows: count };
}
