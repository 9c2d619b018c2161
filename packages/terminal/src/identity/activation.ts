import { mkdirSync } from 'node:fs';
import { join } from 'node:path';
import { type ExclusiveLock, type Fetch, takeExclusiveLock } from '@tillcast/broker';
import { asTillcastError, TillcastError } from '@tillcast/protocol/errors';
import {
  type Activation,
  type ActivationRequest,
  activationSchema,
  IDENTITY_PATHS,
} from '@tillcast/protocol/http/identity-api';
import type { LicenseKey } from '@tillcast/protocol/license-key';
import { ask, errorOfRefusal } from '../sync-client/ask.ts';
import { type KeyStoreOptions, keyStoreForNew, keyStoreNamed, readTillKey } from './key-store.ts';
import { keepMessageKeys } from './message-keys.ts';
import {
  readIdentity,
  readPending,
  removePending,
  type TillIdentity,
  writeIdentity,
  writePending,
} from './till-identity.ts';
import { newTillKey, pemOf, type TillKey } from './till-key.ts';

/** What an activation takes. */
export interface ActivationOptions extends KeyStoreOptions {
  /** Without a slash at its end. */
  readonly backendUrl: string;
  readonly licenseKey: LicenseKey;
  readonly activationCode: string;
  readonly name: string;
  readonly fetch: Fetch;
}

const ANSWER_MAX_BYTES = 64 * 1_024;
const PATIENCE = { silenceMs: 20_000, totalMs: 20_000 };

/**
 * Makes this folder a terminal of a license. The key is kept before the server hears of it, and who we are
 * after it has answered: whatever breaks off in between, the same key is shown at the next try, and the server
 * gives the same terminal for it.
 * @throws TillcastError `already_activated`, `data_in_use` where a till runs on this folder, `activation_refused`,
 *   `too_many_terminals` and what else the server answers, `backend_unavailable`, `secret_unreadable`,
 *   `database_unavailable`
 */
export async function activateTill(options: ActivationOptions): Promise<TillIdentity> {
  const { dataDir } = options;
  const lock = lockTill(dataDir);
  try {
    const known = readIdentity(dataDir);
    if (known !== null) {
      throw new TillcastError(
        'already_activated',
        `This till is activated already, as "${known.name}" (${known.terminal_id}) of ${known.license_key}. \`tillcast terminal reset\` makes it forget that.`,
      );
    }
    const { key, store } = await keyToShow(options);
    const { answer, answeredAtMs } = await askForActivation(options, key);
    const identity: TillIdentity = {
      terminal_id: answer.terminal_id,
      license_key: answer.license_key,
      name: answer.name,
      issuer: answer.issuer,
      broker_urls: answer.broker.urls,
      backend_url: options.backendUrl,
      activated_at: new Date(answeredAtMs).toISOString(),
      key: { id: key.id, store },
    };
    keepMessageKeys(dataDir, answer.message_keys);
    writeIdentity(dataDir, identity);
    removePending(dataDir);
    return identity;
  } finally {
    lock.release();
  }
}

/**
 * Takes the folder of a till for this process alone: a till that runs holds it too.
 * @throws TillcastError `data_in_use`, `database_unavailable`
 */
export function lockTill(dataDir: string): ExclusiveLock {
  const path = join(dataDir, 'till.lock');
  let lock: ExclusiveLock | null;
  try {
    mkdirSync(dataDir, { recursive: true, mode: 0o700 });
    lock = takeExclusiveLock(path);
  } catch (cause) {
    const why = asTillcastError(cause).message;
    throw new TillcastError(
      'database_unavailable',
      `The till's folder ${dataDir} cannot be used: ${why}. Check its permissions and the disk's free space.`,
      { cause },
    );
  }
  if (lock !== null) return lock;
  throw new TillcastError(
    'data_in_use',
    `${dataDir} is in use by another terminal; stop that one, or set TILLCAST_DATA_DIR to another folder.`,
  );
}

/** The key of a try that broke off, else a new one; kept in either case. */
async function keyToShow(
  options: ActivationOptions,
): Promise<{ readonly key: TillKey; readonly store: TillIdentity['key']['store'] }> {
  const { dataDir, licenseKey, backendUrl } = options;
  const pending = readPending(dataDir);
  if (pending !== null) {
    const isSame = pending.license_key === licenseKey && pending.backend_url === backendUrl;
    const kept = isSame ? await readTillKey(pending.key, options) : null;
    if (kept !== null) return { key: kept, store: pending.key.store };
    await keyStoreNamed(pending.key.store, options).remove(pending.key.id);
  }
  const store = await keyStoreForNew(options);
  const key = await newTillKey();
  writePending(dataDir, {
    license_key: licenseKey,
    backend_url: backendUrl,
    key: { id: key.id, store: store.name },
  });
  await store.write(key.id, pemOf(key));
  return { key, store: store.name };
}

/** Asks the server to take this key as a terminal of a license. @throws TillcastError what the server answers, `backend_unavailable` */
export async function askForActivation(
  options: Pick<ActivationOptions, 'fetch' | 'backendUrl' | 'licenseKey' | 'activationCode' | 'name'>,
  key: TillKey,
): Promise<{ readonly answer: Activation; readonly answeredAtMs: number }> {
  const { fetch, backendUrl, licenseKey, activationCode, name } = options;
  const request: ActivationRequest = {
    license_key: licenseKey,
    activation_code: activationCode,
    name,
    public_key: key.publicKey,
  };
  const asked = await ask(
    {
      fetch,
      baseUrl: backendUrl,
      method: 'POST',
      path: IDENTITY_PATHS.activate,
      headers: { 'content-type': 'application/json' },
      body: JSON.stringify(request),
      schema: activationSchema,
      maxBytes: ANSWER_MAX_BYTES,
      patience: PATIENCE,
    },
    new AbortController().signal,
  );
  if (asked.outcome === 'refused') throw errorOfRefusal(asked);
  if (asked.outcome === 'failed') throw asked.error;
  const { answer } = asked;
  if (answer.license_key !== licenseKey) {
    throw new TillcastError(
      'answer_invalid',
      'The backend activated this till for another license than was asked for; nothing of that is used.',
    );
  }
  return { answer, answeredAtMs: asked.serverTimeMs ?? Date.now() };
}
