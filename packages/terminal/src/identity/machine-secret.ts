import { randomBytes } from 'node:crypto';
import { join } from 'node:path';
import type { Environment } from '@tillcast/broker';
import { TillcastError } from '@tillcast/protocol/errors';
import { readIfThere, writeDurably } from './durable-file.ts';
import { refuseOpenFile } from './file-rights.ts';

const SECRET = /^[A-Za-z0-9_-]{43}$/;

/**
 * What seals the key file of a till that has neither a keyring nor a passphrase: 32 random bytes in a file of
 * their own beside the user's other settings, made at the first need, together with the machine's id.
 *
 * What it is good for: a copy of the till's folder alone (a backup, a support bundle, a folder that is synced
 * or shared) is useless, and so is a copy of both files on another machine whose id differs. What it is not
 * good for: whoever can run programs as this user here, or holds the whole disk, can open the key as the till
 * itself does. For that there are the keyring and TILLCAST_KEY_PASSPHRASE.
 *
 * @param make whether to make it where it is missing; else null is returned
 * @throws TillcastError `secret_unreadable` where it can be neither read nor made, or others can read it
 */
export function machineSecret(path: string, make: boolean): string | null {
  refuseOpenFile(path, "This machine's secret");
  let text: string | null;
  try {
    text = readIfThere(path)?.trim() ?? null;
    if (text === null) {
      if (!make) return null;
      text = randomBytes(32).toString('base64url');
      writeDurably(path, `${text}\n`);
    }
  } catch (cause) {
    const why = cause instanceof Error ? cause.message : String(cause);
    throw new TillcastError(
      'secret_unreadable',
      `This machine's secret can be neither read from nor kept in ${path}: ${why}. Make the folder writable for this user, or set TILLCAST_KEY_PASSPHRASE_FILE.`,
      { cause },
    );
  }
  if (!SECRET.test(text)) {
    throw new TillcastError('secret_unreadable', `${path} does not hold a machine's secret: it was changed.`);
  }
  return `${text}\n${machineId()}`;
}

/** Where the secret is: with the user's settings, away from any till's folder. */
export function machineSecretPath(environment: Environment): string {
  const home = environment['HOME'] ?? environment['USERPROFILE'] ?? '/';
  const settings = environment['XDG_CONFIG_HOME'] ?? environment['APPDATA'] ?? join(home, '.config');
  return join(settings, 'tillcast', 'machine-secret');
}

/** Empty where the system keeps none: it only ties the file closer to the machine. */
function machineId(): string {
  return readIfThere('/etc/machine-id')?.trim() ?? '';
}
