import { TillcastError } from '@tillcast/protocol/errors';
import { KeyFile } from './key-file.ts';
import { Keyring } from './keyring.ts';
import { machineSecret } from './machine-secret.ts';
import type { KeyPlace, KeyStoreName } from './till-identity.ts';
import { type TillKey, tillKeyOfPem } from './till-key.ts';

/** Keeps a till's private key, by its id. */
export interface KeyStore {
  readonly name: KeyStoreName;
  /** Kept for good when it resolves. @throws TillcastError `secret_unreadable` */
  write(keyId: string, pem: string): Promise<void>;
  /** Null where there is no such key. @throws TillcastError `secret_unreadable` where there is one and it does not open */
  read(keyId: string): Promise<string | null>;
  /** Nothing happens where there is none. @throws TillcastError `secret_unreadable` */
  remove(keyId: string): Promise<void>;
}

/** What decides where keys are kept. */
export interface KeyStoreOptions {
  readonly dataDir: string;
  /** `auto`: the keyring where one works, else the file. */
  readonly choice: KeyStoreName | 'auto';
  /** Null: the machine's secret seals the file. */
  readonly passphrase: string | null;
  readonly machineSecretPath: string;
}

/**
 * The store that a new key goes to.
 * @throws TillcastError `secret_unreadable` where the keyring is demanded and none works
 */
export async function keyStoreForNew(options: KeyStoreOptions): Promise<KeyStore> {
  if (options.choice === 'file') return keyStoreNamed('file', options);
  const fault = await Keyring.fault();
  if (fault === null) return keyStoreNamed('keyring', options);
  if (options.choice === 'auto') return keyStoreNamed('file', options);
  throw new TillcastError(
    'secret_unreadable',
    `TILLCAST_KEY_STORE is keyring, and no keyring of the operating system works here: ${fault}. Unlock it, or set TILLCAST_KEY_STORE to file.`,
  );
}

/** The store that a key is in. */
export function keyStoreNamed(name: KeyStoreName, options: KeyStoreOptions): KeyStore {
  if (name === 'keyring') return new Keyring();
  const { passphrase, machineSecretPath } = options;
  return new KeyFile(
    options.dataDir,
    passphrase === null
      ? { kind: 'machine', read: (make) => machineSecret(machineSecretPath, make) }
      : { kind: 'passphrase', read: () => passphrase },
  );
}

/**
 * A till's key from where it is kept; null where it is not there.
 * @throws TillcastError `secret_unreadable`
 */
export async function readTillKey(
  { id, store }: KeyPlace,
  options: KeyStoreOptions,
): Promise<TillKey | null> {
  const pem = await keyStoreNamed(store, options).read(id);
  if (pem === null) return null;
  const key = await tillKeyOfPem(pem);
  if (key.id === id) return key;
  throw new TillcastError(
    'secret_unreadable',
    "What is stored as this till's key is another one. Reset the till and activate it again: `tillcast terminal reset`.",
  );
}
