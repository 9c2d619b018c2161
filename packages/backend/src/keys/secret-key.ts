import { randomBytes, randomUUID } from 'node:crypto';
import { link, mkdir, readFile, unlink, writeFile } from 'node:fs/promises';
import { dirname, join } from 'node:path';
import type { Logger } from '@tillcast/broker';
import { TillcastError } from '@tillcast/protocol/errors';
import { SECRET_KEY_BYTES } from './sealing.ts';

/** The file in the data directory that holds the secret key made at the first start. */
export const SECRET_KEY_FILE = 'secret-key';

/** A secret key as text: base64url of 32 bytes. Null for what is none. */
export function parseSecretKey(text: string): Uint8Array | null {
  if (!/^[A-Za-z0-9_-]{43}=?$/.test(text)) return null;
  const bytes = Buffer.from(text, 'base64url');
  return bytes.length === SECRET_KEY_BYTES ? bytes : null;
}

/**
 * The deployment's secret key: the operator's, or else that of `<data dir>/secret-key`, which is made at the
 * first start, readable by its owner alone.
 * @param sealedAlready whether the database holds keys that were sealed: a new secret key would not open them
 * @throws TillcastError `secret_unreadable` where the file is none, or is gone
 */
export async function prepareSecretKey(options: {
  readonly given: Uint8Array | null;
  readonly dataDir: string;
  readonly sealedAlready: boolean;
  readonly logger: Logger;
}): Promise<Uint8Array> {
  const { given, dataDir, sealedAlready, logger } = options;
  if (given !== null) return given;
  const file = join(dataDir, SECRET_KEY_FILE);
  const kept = await readSecretKey(file);
  if (kept !== null) return kept;
  if (sealedAlready) {
    throw new TillcastError(
      'secret_unreadable',
      `The database holds signing keys, but the secret key that opens them is not in ${file}. Put it back, or set TILLCAST_SECRET_KEY (or TILLCAST_SECRET_KEY_FILE) to it.`,
    );
  }
  const made = await makeSecretKey(file);
  logger.info(
    { file },
    'A secret key was made; keep a copy of this file, for nothing else opens the signing keys',
  );
  return made;
}

/** The secret key that a data directory holds; null where it holds none that can be read. */
export async function secretKeyIn(dataDir: string): Promise<Uint8Array | null> {
  try {
    return await readSecretKey(join(dataDir, SECRET_KEY_FILE));
  } catch (error) {
    if (error instanceof TillcastError && error.code === 'secret_unreadable') return null;
    throw error;
  }
}

async function readSecretKey(file: string): Promise<Uint8Array | null> {
  let text: string;
  try {
    text = await readFile(file, 'utf8');
  } catch (error) {
    if (isCode(error, 'ENOENT')) return null;
    throw new TillcastError('secret_unreadable', `The secret key in ${file} cannot be read.`, {
      cause: error,
    });
  }
  const key = parseSecretKey(text.trim());
  if (key !== null) return key;
  throw new TillcastError(
    'secret_unreadable',
    `The file ${file} holds no secret key (32 bytes in base64url). Put the former file back.`,
  );
}

/** Whole or not at all, and never over another: of two processes that start at once, the second takes the first one's. */
async function makeSecretKey(file: string): Promise<Uint8Array> {
  await mkdir(dirname(file), { recursive: true, mode: 0o700 });
  const key = randomBytes(SECRET_KEY_BYTES);
  // Not by the process's number: containers have the same ones.
  const draft = `${file}.${randomUUID()}`;
  await writeFile(draft, `${key.toString('base64url')}\n`, { mode: 0o600, flush: true });
  try {
    await link(draft, file);
    return key;
  } catch (error) {
    const kept = isCode(error, 'EEXIST') ? await readSecretKey(file) : null;
    if (kept === null) throw error;
    return kept;
  } finally {
    await unlink(draft);
  }
}

function isCode(error: unknown, code: string): boolean {
  return error instanceof Error && 'code' in error && error.code === code;
}
