import { randomUUID } from 'node:crypto';
import type { AsyncEntry } from '@napi-rs/keyring';
import { TillcastError } from '@tillcast/protocol/errors';
import type { KeyStore } from './key-store.ts';

const SERVICE = 'tillcast';
/** A keyring that asks its user for leave has somebody in front of it, or never answers. */
const PATIENCE_MS = 15_000;

/** A till's key in the operating system's keyring, under the service `tillcast` and the key's id. */
export class Keyring implements KeyStore {
  readonly name = 'keyring';

  /** Tries one out by writing, reading and removing; null when it works, else why it does not. */
  static async fault(): Promise<string | null> {
    const name = `probe ${randomUUID()}`;
    try {
      const entry = await entryOf(name);
      await inTime(entry.setPassword(name));
      const found = await inTime(entry.getPassword());
      await inTime(entry.deleteCredential());
      return found === name ? null : 'it does not give back what it was given';
    } catch (error) {
      return error instanceof Error ? error.message : String(error);
    }
  }

  async write(keyId: string, pem: string): Promise<void> {
    await this.#use('keep', keyId, (entry) => entry.setPassword(pem));
  }

  read(keyId: string): Promise<string | null> {
    return this.#use('give', keyId, (entry) => entry.getPassword());
  }

  async remove(keyId: string): Promise<void> {
    await this.#use('remove', keyId, (entry) => entry.deleteCredential());
  }

  async #use<T>(verb: string, keyId: string, act: (entry: AsyncEntry) => Promise<T>): Promise<T> {
    try {
      return await inTime(act(await entryOf(keyId)));
    } catch (cause) {
      const why = cause instanceof Error ? cause.message : String(cause);
      throw new TillcastError(
        'secret_unreadable',
        `The operating system's keyring did not ${verb} this till's key: ${why}. Unlock it, and run this as the user who activated the till.`,
        { cause },
      );
    }
  }
}

/** Loaded only here: where the module does not run, there is no keyring, and a till needs none. */
async function entryOf(account: string): Promise<AsyncEntry> {
  const { AsyncEntry } = await import('@napi-rs/keyring');
  // Not the kernel's keyring, which the next start of the machine empties.
  return new AsyncEntry(SERVICE, account, { linux: { store: 'secret-service' } });
}

async function inTime<T>(asked: Promise<T>): Promise<T> {
  const { promise, reject } = Promise.withResolvers<never>();
  const timer = setTimeout(
    () => reject(new Error(`it did not answer within ${PATIENCE_MS / 1_000} s`)),
    PATIENCE_MS,
  );
  try {
    return await Promise.race([asked, promise]);
  } finally {
    clearTimeout(timer);
  }
}
