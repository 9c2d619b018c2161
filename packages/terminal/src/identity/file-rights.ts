import { statSync } from 'node:fs';
import { TillcastError } from '@tillcast/protocol/errors';

/**
 * Refuses a file with a secret that others than its owner can read or change. A file that is not there is
 * fine. On Windows, where a mode says nothing, it does nothing.
 * @param what begins the message: `The till's key`
 * @throws TillcastError `secret_unreadable` with the command that mends it
 */
export function refuseOpenFile(path: string, what: string): void {
  if (process.platform === 'win32') return;
  const stat = statSync(path, { throwIfNoEntry: false });
  if (stat === undefined || (stat.mode & 0o077) === 0) return;
  const mode = (stat.mode & 0o777).toString(8).padStart(4, '0');
  throw new TillcastError(
    'secret_unreadable',
    `${what} in ${path} can be read or changed by others (mode ${mode}), so it may be in other hands: run \`chmod 600 ${path}\`, and where others were on this machine, reset this till and activate it anew.`,
  );
}
