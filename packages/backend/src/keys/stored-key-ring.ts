import { hash, sign as signBytes } from 'node:crypto';
import type { Logger } from '@tillcast/broker';
import { TillcastError } from '@tillcast/protocol/errors';
import { KEY_PURPOSES, type KeyPurpose, type SigningKey } from '@tillcast/protocol/http/admin-api';
import type { MessageKey } from '@tillcast/protocol/http/identity-api';
import { formatSignature, type SignedHead, signedText } from '@tillcast/protocol/messages/signature';
import { type CryptoKey, type JWK, type JWTPayload, SignJWT } from 'jose';
import type { Database } from '../database/database.ts';
import { Mutex } from '../database/mutex.ts';
import { KEY_LAG_MS, type KeyRing, NEXT_KEY_MIN_AGE_MS, RETIRED_KEY_LIFE_MS } from './key-ring.ts';
import { makeMissingKeys } from './make-missing-keys.ts';
import { type OpenedKey, openSigningKey } from './opened-key.ts';
import { revokeKey } from './revoke-key.ts';
import { isRetiredForGood, rotateKey } from './rotate-key.ts';
import { prepareSecretKey } from './secret-key.ts';
import {
  deleteRetiredSigningKeys,
  KEYS_CHANNEL,
  listSigningKeys,
  type StoredKey,
} from './signing-key-statements.ts';

export interface KeyRingOptions {
  readonly database: Database;
  /** The deployment's secret key as the operator gave it; null: the data directory's, made where there is none. */
  readonly secretKey: Uint8Array | null;
  readonly dataDir: string;
  readonly logger: Logger;
  /** For the audit log alone: how old a key is, the database says. */
  readonly now: () => Date;
  /** Milliseconds of a clock that nobody sets. Left out: the process's. */
  readonly monotonicMs?: () => number;
  /** Left out: NEXT_KEY_MIN_AGE_MS. */
  readonly nextKeyMinAgeMs?: number;
  /** How often it looks whether it missed a rotation, and deletes keys whose time is over. Left out: half of KEY_LAG_MS. */
  readonly reloadEveryMs?: number;
}

type HeldKey = OpenedKey & Pick<StoredKey, 'state' | 'createdAt' | 'retiredForMs'>;

/** What a rotation replaces a key ring's content with, at once. */
interface Held {
  /** By `kid`: current, next and retired, the last retired first. */
  readonly keys: ReadonlyMap<string, HeldKey>;
  /** When they were read, by the clock that nobody sets. */
  readonly readAtMs: number;
  readonly token: Extract<HeldKey, { purpose: 'token' }>;
  readonly message: Extract<HeldKey, { purpose: 'message' }>;
}

/**
 * Opens the deployment's key ring; the keys that are missing are made, once for all backends that start.
 * @throws TillcastError `secret_unreadable` where the secret key does not open the keys; `database_unavailable`
 */
export async function openKeyRing(options: KeyRingOptions): Promise<StoredKeyRing> {
  const { database, dataDir, logger } = options;
  const sealedAlready = (await listSigningKeys(database)).length > 0;
  const secretKey = await prepareSecretKey({ given: options.secretKey, dataDir, sealedAlready, logger });
  await database.transaction((session) => makeMissingKeys(session, secretKey));
  const held = await readKeys(options, secretKey, new Map());
  const ring = new StoredKeyRing(options, secretKey, held);
  await ring.start();
  return ring;
}

/** The key ring of the database's table. */
export class StoredKeyRing implements KeyRing, AsyncDisposable {
  readonly #options: KeyRingOptions;
  readonly #secretKey: Uint8Array;
  #held: Held;
  readonly #mutex = new Mutex();
  #timer: NodeJS.Timeout | undefined;
  #leaveOff: (() => Promise<void>) | undefined;
  #stopped: Promise<void> | undefined;

  /** Use {@link openKeyRing}. */
  constructor(options: KeyRingOptions, secretKey: Uint8Array, held: Held) {
    this.#options = options;
    this.#secretKey = secretKey;
    this.#held = held;
  }

  /** Resolves when it hears of rotations. */
  async start(): Promise<void> {
    const { database, reloadEveryMs = KEY_LAG_MS / 2 } = this.#options;
    const onMissed = (): void => void this.#reloadQuietly();
    this.#leaveOff = await database.listen(KEYS_CHANNEL, { onNotification: onMissed, onMissed });
    this.#timer = setInterval(onMissed, reloadEveryMs).unref();
    // What was committed before it listened.
    await this.#reload();
  }

  sign(head: SignedHead, body: string): string {
    const { kid, privateKey } = this.#held.message;
    const text = signedText(head, hash('sha256', body, 'hex'));
    const signature = signBytes(null, Buffer.from(text), privateKey).toString('base64url');
    return formatSignature({ kid, signature });
  }

  signToken(claims: JWTPayload): Promise<string> {
    const { kid, privateKey } = this.#held.token;
    return new SignJWT(claims).setProtectedHeader({ alg: 'ES256', kid, typ: 'at+jwt' }).sign(privateKey);
  }

  tokenKey(kid: string): CryptoKey | null {
    const key = this.#held.keys.get(kid);
    return key?.purpose === 'token' && this.#isGood(key) ? key.publicKey : null;
  }

  get jwks(): { readonly keys: readonly JWK[] } {
    return { keys: this.#good().flatMap((key) => (key.purpose === 'token' ? [key.published] : [])) };
  }

  get messageKeys(): readonly MessageKey[] {
    return this.#good().flatMap((key) => (key.purpose === 'message' ? [key.published] : []));
  }

  get keys(): readonly SigningKey[] {
    return this.#good().map(({ kid, purpose, state, createdAt }) => ({
      kid,
      purpose,
      state,
      created_at: createdAt.toISOString(),
    }));
  }

  async rotate(purpose: KeyPurpose): Promise<void> {
    const { database, now, logger, nextKeyMinAgeMs = NEXT_KEY_MIN_AGE_MS } = this.#options;
    const rotated = await database.transaction((session) =>
      rotateKey(session, { purpose, secretKey: this.#secretKey, now: now(), nextKeyMinAgeMs }),
    );
    logger.info({ purpose, ...rotated }, 'A signing key was rotated');
    await this.#reload();
  }

  async revoke(kid: string): Promise<KeyPurpose> {
    const { database, now, logger } = this.#options;
    const revoked = await database.transaction((session) =>
      revokeKey(session, { kid, secretKey: this.#secretKey, now: now() }),
    );
    logger.warn({ kid, ...revoked }, 'A signing key was revoked: what it signed counts no more');
    await this.#reload();
    return revoked.purpose;
  }

  /** Waits for what is under way, then listens no more. Safe to call more than once. */
  stop(): Promise<void> {
    this.#stopped ??= this.#stop();
    return this.#stopped;
  }

  [Symbol.asyncDispose](): Promise<void> {
    return this.stop();
  }

  async #stop(): Promise<void> {
    clearInterval(this.#timer);
    await this.#leaveOff?.();
    await this.#mutex.run(() => Promise.resolve());
  }

  #good(): readonly HeldKey[] {
    return [...this.#held.keys.values()].filter((key) => this.#isGood(key));
  }

  #isGood(key: HeldKey): boolean {
    return !isRetiredForGood(key, monotonicMs(this.#options) - this.#held.readAtMs);
  }

  /** One after the other, so that an older reading never replaces a newer one. */
  #reload(): Promise<void> {
    return this.#mutex.run(async () => {
      this.#held = await readKeys(this.#options, this.#secretKey, this.#held.keys);
      const over = [...this.#held.keys.values()].some((key) => !this.#isGood(key));
      if (!over) return;
      for (const purpose of KEY_PURPOSES)
        await deleteRetiredSigningKeys(this.#options.database, purpose, RETIRED_KEY_LIFE_MS[purpose]);
    });
  }

  async #reloadQuietly(): Promise<void> {
    if (this.#stopped !== undefined) return;
    try {
      await this.#reload();
    } catch (error) {
      this.#options.logger.warn(
        { err: error },
        'The signing keys could not be read again; those that are known serve on',
      );
    }
  }
}

/** Keys that were opened before are not opened again. */
async function readKeys(
  options: KeyRingOptions,
  secretKey: Uint8Array,
  opened: ReadonlyMap<string, OpenedKey>,
): Promise<Held> {
  const keys = new Map<string, HeldKey>();
  const rows = await listSigningKeys(options.database);
  const readAtMs = monotonicMs(options);
  for (const row of rows) {
    const { kid, state, createdAt, retiredForMs } = row;
    const key = opened.get(kid) ?? (await openSigningKey(row, secretKey));
    keys.set(kid, { ...key, state, createdAt, retiredForMs });
  }
  return { keys, readAtMs, token: currentKey(keys, 'token'), message: currentKey(keys, 'message') };
}

function monotonicMs({ monotonicMs: read }: KeyRingOptions): number {
  return read?.() ?? performance.now();
}

function currentKey<Purpose extends KeyPurpose>(
  keys: ReadonlyMap<string, HeldKey>,
  purpose: Purpose,
): Extract<HeldKey, { purpose: Purpose }> {
  const isCurrent = (key: HeldKey): key is Extract<HeldKey, { purpose: Purpose }> =>
    key.purpose === purpose && key.state === 'current';
  const current = [...keys.values()].find(isCurrent);
  if (current !== undefined) return current;
  throw new TillcastError(
    'internal',
    `The database holds no current key for ${purpose}s: start a backend anew, which makes one.`,
  );
}
