export { type BackupSummary, checkBackup } from './check-backup.ts';
export type { Restored } from './restore-backup.ts';
export { type RestoreTarget, readRestoreTarget, restoreFile } from './restore-file.ts';
