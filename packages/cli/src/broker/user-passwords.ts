import { randomBytes } from 'node:crypto';
import { open, readFile, stat } from 'node:fs/promises';
import { parseEnv } from 'node:util';
import { type EnvironmentReader, GUARDIAN_USER, PUBLISHER_USER } from '@tillcast/broker';
import { TillcastError } from '@tillcast/protocol/errors';

/** The variable of each user's password, and its name in the credentials file. */
const VARIABLES = {
  [PUBLISHER_USER]: 'TILLCAST_PUBLISHER_PASSWORD',
  [GUARDIAN_USER]: 'TILLCAST_GUARDIAN_PASSWORD',
} as const;

/** The passwords that the environment gives, by user. */
export function readPasswords(reader: EnvironmentReader): Readonly<Record<string, string>> {
  return Object.fromEntries(
    Object.entries(VARIABLES).flatMap(([user, variable]) => {
      const password = reader.secret(variable);
      return password === null ? [] : [[user, password]];
    }),
  );
}

/** Passwords of a credentials file: those that it held, or new ones that were written to it. */
export interface FilePasswords {
  readonly passwords: Readonly<Record<string, string>>;
  readonly isNew: boolean;
}

/**
 * The passwords in a credentials file, of the form `NAME=value`; where there is no such file it is made with
 * new ones, readable to its owner alone, before anything at the broker is changed.
 * @throws `configuration_invalid` for a file that others may read, or that lacks a password
 */
export async function passwordsOfFile(path: string): Promise<FilePasswords> {
  const made = Object.fromEntries(
    Object.keys(VARIABLES).map((user) => [user, randomBytes(24).toString('base64url')]),
  );
  const lines = Object.entries(VARIABLES).map(([user, variable]) => `${variable}=${made[user]}\n`);
  try {
    const file = await open(path, 'wx', 0o600);
    try {
      await file.writeFile(lines.join(''));
      await file.sync();
    } finally {
      await file.close();
    }
    return { passwords: made, isNew: true };
  } catch (error) {
    if (!(error instanceof Error && 'code' in error)) throw error;
    if (error.code === 'EEXIST') return { passwords: await readExisting(path), isNew: false };
    throw new TillcastError(
      'configuration_invalid',
      `The credentials file cannot be made: ${error.message}. Give a path in a folder that is there and may be written to.`,
      { cause: error },
    );
  }
}

async function readExisting(path: string): Promise<Readonly<Record<string, string>>> {
  const { mode } = await stat(path);
  if ((mode & 0o077) !== 0) {
    throw new TillcastError(
      'configuration_invalid',
      `${path} may be read by others, and holds passwords. Take their rights away (chmod 600) and make new passwords: remove it, and provision again.`,
    );
  }
  const values = parseEnv(await readFile(path, 'utf8'));
  return Object.fromEntries(
    Object.entries(VARIABLES).map(([user, variable]) => {
      const password = values[variable];
      if (password !== undefined && password !== '') return [user, password];
      throw new TillcastError(
        'configuration_invalid',
        `${path} holds no ${variable}. Add it, or name a file that is not there yet: it is made with new passwords.`,
      );
    }),
  );
}
