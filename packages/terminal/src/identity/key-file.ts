import { createCipheriv, createDecipheriv, randomBytes, scrypt } from 'node:crypto';
import { join } from 'node:path';
import { promisify } from 'node:util';
import { TillcastError } from '@tillcast/protocol/errors';
import { z } from 'zod';
import { readIfThere, removeDurably, writeDurably } from './durable-file.ts';
import { refuseOpenFile } from './file-rights.ts';
import type { KeyStore } from './key-store.ts';

/** What the file is sealed with: a passphrase that a person chose, or the machine's secret. */
export interface KeyFileSecret {
  readonly kind: 'passphrase' | 'machine';
  /** Null where there is none to open with. @param make whether a machine's secret is made where it is missing */
  read(make: boolean): string | null;
}

/** 32 MiB and some 200 ms: once at each start of a till. */
const SCRYPT = { N: 32_768, r: 8, p: 3 };
const SCRYPT_MEMORY_MAX = 128 * 1_024 * 1_024;

interface SealedKey {
  readonly format: 'tillcast-key-1';
  readonly key_id: string;
  readonly secret: 'passphrase' | 'machine';
  readonly salt: string;
  readonly nonce: string;
  readonly sealed: string;
}

const base64url = z.string().regex(/^[A-Za-z0-9_-]+$/);
const sealedKeySchema: z.ZodType<SealedKey, unknown> = z.object({
  format: z.literal('tillcast-key-1'),
  key_id: z.string(),
  secret: z.enum(['passphrase', 'machine']),
  salt: base64url,
  nonce: base64url,
  sealed: base64url,
});

/**
 * A till's key in a file of its folder, `identity.key`: sealed by AES-256-GCM, with a key that scrypt makes of a
 * passphrase or of the machine's secret. The rest of the file is sealed with it as additional data.
 */
export class KeyFile implements KeyStore {
  readonly name = 'file';
  readonly #path: string;
  readonly #secret: KeyFileSecret;

  constructor(dataDir: string, secret: KeyFileSecret) {
    this.#path = join(dataDir, 'identity.key');
    this.#secret = secret;
  }

  async write(keyId: string, pem: string): Promise<void> {
    const secret = this.#secret.read(true);
    if (secret === null)
      throw new TillcastError('secret_unreadable', 'There is nothing to seal the key with.');
    const salt = randomBytes(16);
    const nonce = randomBytes(12);
    const head = {
      format: 'tillcast-key-1',
      key_id: keyId,
      secret: this.#secret.kind,
      salt: salt.toString('base64url'),
      nonce: nonce.toString('base64url'),
    } as const;
    const cipher = createCipheriv('aes-256-gcm', await derived(secret, salt), nonce);
    cipher.setAAD(additionalData(head));
    const sealed = Buffer.concat([cipher.update(pem, 'utf8'), cipher.final(), cipher.getAuthTag()]);
    const file: SealedKey = { ...head, sealed: sealed.toString('base64url') };
    try {
      writeDurably(this.#path, `${JSON.stringify(file, null, 2)}\n`);
    } catch (cause) {
      throw this.#unusable(`cannot be written: ${textOf(cause)}`, cause);
    }
  }

  async read(keyId: string): Promise<string | null> {
    refuseOpenFile(this.#path, "The till's key");
    const file = this.#file();
    if (file === null || file.key_id !== keyId) return null;
    if (file.secret !== this.#secret.kind) throw this.#unusable(OTHER_SECRET[file.secret]);
    const secret = this.#secret.read(false);
    if (secret === null) {
      throw this.#unusable("was sealed with this machine's secret, which is gone: it may be another machine");
    }
    try {
      return await open(file, secret);
    } catch (cause) {
      throw this.#unusable(WRONG_SECRET[file.secret], cause);
    }
  }

  async remove(keyId: string): Promise<void> {
    const text = readIfThere(this.#path);
    // Whatever it is that cannot be read there, it is not to stay either.
    if (text !== null && !text.includes(keyId) && sealedKeySchema.safeParse(jsonOf(text)).success) return;
    if (text !== null) removeDurably(this.#path);
  }

  #file(): SealedKey | null {
    try {
      const text = readIfThere(this.#path);
      return text === null ? null : sealedKeySchema.parse(JSON.parse(text));
    } catch (cause) {
      throw this.#unusable(
        cause instanceof z.ZodError ? 'was changed' : `cannot be read: ${textOf(cause)}`,
        cause,
      );
    }
  }

  #unusable(why: string, cause?: unknown): TillcastError {
    const message = `The till's key in ${this.#path} ${why}. ${REMEDY}`;
    return new TillcastError('secret_unreadable', message, cause === undefined ? {} : { cause });
  }
}

const REMEDY = 'Where that cannot be mended, reset this till and activate it again.';

const OTHER_SECRET = {
  passphrase: 'was sealed with a passphrase: set TILLCAST_KEY_PASSPHRASE or TILLCAST_KEY_PASSPHRASE_FILE',
  machine: "was sealed with this machine's secret, not with a passphrase: leave TILLCAST_KEY_PASSPHRASE out",
};

const WRONG_SECRET = {
  passphrase:
    'does not open: the passphrase in TILLCAST_KEY_PASSPHRASE is another one, or the file was changed',
  machine: "does not open with this machine's secret: it was copied from another machine, or changed",
};

async function open(file: SealedKey, secret: string): Promise<string> {
  const bytes = Buffer.from(file.sealed, 'base64url');
  const key = await derived(secret, Buffer.from(file.salt, 'base64url'));
  const decipher = createDecipheriv('aes-256-gcm', key, Buffer.from(file.nonce, 'base64url'));
  decipher.setAAD(additionalData(file));
  decipher.setAuthTag(bytes.subarray(-16));
  return Buffer.concat([decipher.update(bytes.subarray(0, -16)), decipher.final()]).toString('utf8');
}

function additionalData({ format, key_id, secret, salt, nonce }: Omit<SealedKey, 'sealed'>): Buffer {
  return Buffer.from([format, key_id, secret, salt, nonce].join('\n'));
}

async function derived(secret: string, salt: Uint8Array): Promise<Buffer> {
  return deriveKey(secret.normalize('NFKC'), salt, 32, { ...SCRYPT, maxmem: SCRYPT_MEMORY_MAX });
}

const deriveKey: (
  secret: string,
  salt: Uint8Array,
  length: number,
  options: { N: number; r: number; p: number; maxmem: number },
) => Promise<Buffer> = promisify(scrypt);

function jsonOf(text: string): unknown {
  try {
    return JSON.parse(text);
  } catch (error) {
    if (error instanceof SyntaxError) return null;
    throw error;
  }
}

function textOf(error: unknown): string {
  return error instanceof Error ? error.message : String(error);
}
