import { createCipheriv, createDecipheriv, randomBytes } from 'node:crypto';
import { TillcastError } from '@tillcast/protocol/errors';

/** Bytes of a deployment's secret key. */
export const SECRET_KEY_BYTES = 32;

const NONCE_BYTES = 12;
const TAG_BYTES = 16;
const SEALED = /^1\.([A-Za-z0-9_-]+)$/;

/**
 * Encrypts a text by AES-256-GCM under a fresh nonce: `1.<base64url of nonce, ciphertext and tag>`.
 * @param what bound to it: only who names the same can open it
 */
export function seal(secretKey: Uint8Array, what: string, text: string): string {
  const nonce = randomBytes(NONCE_BYTES);
  const cipher = createCipheriv('aes-256-gcm', secretKey, nonce, { authTagLength: TAG_BYTES });
  cipher.setAAD(Buffer.from(what));
  const sealed = Buffer.concat([nonce, cipher.update(text, 'utf8'), cipher.final(), cipher.getAuthTag()]);
  return `1.${sealed.toString('base64url')}`;
}

/**
 * The text that was sealed.
 * @throws TillcastError `secret_unreadable` where the secret key is another one, or the text was altered
 */
export function unseal(secretKey: Uint8Array, what: string, sealed: string): string {
  const [, encoded] = SEALED.exec(sealed) ?? [];
  const bytes = Buffer.from(encoded ?? '', 'base64url');
  if (bytes.length < NONCE_BYTES + TAG_BYTES) throw unreadable(what);
  const decipher = createDecipheriv('aes-256-gcm', secretKey, bytes.subarray(0, NONCE_BYTES), {
    authTagLength: TAG_BYTES,
  });
  decipher.setAAD(Buffer.from(what));
  decipher.setAuthTag(bytes.subarray(-TAG_BYTES));
  try {
    const text = decipher.update(bytes.subarray(NONCE_BYTES, -TAG_BYTES), undefined, 'utf8');
    return text + decipher.final('utf8');
  } catch (cause) {
    throw unreadable(what, cause);
  }
}

function unreadable(what: string, cause?: unknown): TillcastError {
  return new TillcastError(
    'secret_unreadable',
    `The ${what} cannot be opened with this secret key. Give all backends of a deployment the TILLCAST_SECRET_KEY (or TILLCAST_SECRET_KEY_FILE, or the file secret-key in the data directory) with which its keys were made. If it is lost for good, DELETE FROM signing_keys lets the next start make new ones.`,
    cause === undefined ? {} : { cause },
  );
}
