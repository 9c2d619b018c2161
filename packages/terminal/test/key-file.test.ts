import { chmodSync, existsSync, readdirSync, readFileSync, statSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { expect, test } from 'vitest';
import {
  type KeyStoreOptions,
  keyStoreForNew,
  keyStoreNamed,
  readTillKey,
} from '../src/identity/key-store.ts';
import { newTillKey, pemOf } from '../src/identity/till-key.ts';
import { tempFolder } from './temp-folder.ts';

const PASSPHRASE = 'correct horse battery staple';

function optionsIn(folder: string, passphrase: string | null, choice: KeyStoreOptions['choice'] = 'file') {
  return {
    dataDir: folder,
    choice,
    passphrase,
    machineSecretPath: join(folder, 'settings', 'machine-secret'),
  };
}

/** A key that was kept, and where. */
async function keptKey(options: KeyStoreOptions) {
  const key = await newTillKey();
  const store = await keyStoreForNew(options);
  await store.write(key.id, pemOf(key));
  return { key, place: { id: key.id, store: store.name }, path: join(options.dataDir, 'identity.key') };
}

test.each([
  ['a passphrase', PASSPHRASE],
  ["the machine's secret", null],
])(
  '[G20] the key file is closed to others, holds nothing of the key in the open, and opens by %s',
  async (_, secret) => {
    using folder = tempFolder();
    const options = optionsIn(folder.path, secret);
    const { key, place, path } = await keptKey(options);
    expect(place.store).toBe('file');
    expect(statSync(path).mode & 0o777).toBe(0o600);
    const text = readFileSync(path, 'utf8');
    expect(text).not.toContain('PRIVATE KEY');
    expect(text).not.toContain(key.privateKey.export({ format: 'jwk' }).d);
    const again = await readTillKey(place, options);
    expect(again?.privateKey.equals(key.privateKey)).toBe(true);
    expect(readdirSync(folder.path).filter((name) => name.endsWith('.new'))).toEqual([]);
  },
);

test('[G21] another passphrase, and none, do not open the file, and the error says what to set', async () => {
  using folder = tempFolder();
  const { place } = await keptKey(optionsIn(folder.path, PASSPHRASE));
  await expect(readTillKey(place, optionsIn(folder.path, `${PASSPHRASE}.`))).rejects.toMatchObject({
    code: 'secret_unreadable',
    message: expect.stringContaining('the passphrase in TILLCAST_KEY_PASSPHRASE is another one'),
  });
  await expect(readTillKey(place, optionsIn(folder.path, null))).rejects.toMatchObject({
    code: 'secret_unreadable',
    message: expect.stringContaining('set TILLCAST_KEY_PASSPHRASE'),
  });
});

test("[G21] a copy of the till's folder is no good without the machine's secret, which is not in it", async () => {
  using home = tempFolder();
  using copy = tempFolder();
  const options = { ...optionsIn(home.path, null), machineSecretPath: copy.file('elsewhere/machine-secret') };
  const { place, path } = await keptKey(options);
  const stolen = { ...options, dataDir: copy.path, machineSecretPath: copy.file('none/machine-secret') };
  writeFileSync(copy.file('identity.key'), readFileSync(path), { mode: 0o600 });
  await expect(readTillKey(place, stolen)).rejects.toMatchObject({ code: 'secret_unreadable' });
  expect(existsSync(stolen.machineSecretPath), 'none is made to open with').toBe(false);
  // Another machine has a secret of its own.
  await keptKey({ ...stolen, dataDir: copy.file('another') });
  await expect(readTillKey(place, stolen)).rejects.toMatchObject({
    code: 'secret_unreadable',
    message: expect.stringContaining("does not open with this machine's secret"),
  });
});

test.each(['key_id', 'secret', 'salt', 'nonce', 'sealed'] as const)(
  '[G21] a key file whose %s was changed does not open',
  async (field) => {
    using folder = tempFolder();
    const options = optionsIn(folder.path, PASSPHRASE);
    const { place, path } = await keptKey(options);
    const file = JSON.parse(readFileSync(path, 'utf8')) as Record<string, string>;
    const before = file[field] ?? '';
    const other = await newTillKey();
    file[field] = field === 'key_id' ? other.id : field === 'secret' ? 'machine' : flipped(before);
    writeFileSync(path, JSON.stringify(file));
    const shown = field === 'key_id' ? { ...place, id: other.id } : place;
    await expect(readTillKey(shown, options)).rejects.toMatchObject({ code: 'secret_unreadable' });
  },
);

test('[G21] a key file that is no such file, or is cut off, is said to be unreadable', async () => {
  using folder = tempFolder();
  const options = optionsIn(folder.path, PASSPHRASE);
  const { place, path } = await keptKey(options);
  for (const text of ['', '{}', readFileSync(path, 'utf8').slice(0, 100)]) {
    writeFileSync(path, text);
    await expect(readTillKey(place, options)).rejects.toMatchObject({ code: 'secret_unreadable' });
  }
});

test.each(['644', '640', '604', '620'])(
  '[G21] a key file of mode %s is refused, with the command that mends it',
  async (mode) => {
    using folder = tempFolder();
    const options = optionsIn(folder.path, PASSPHRASE);
    const { place, path } = await keptKey(options);
    chmodSync(path, Number.parseInt(mode, 8));
    await expect(readTillKey(place, options)).rejects.toMatchObject({
      code: 'secret_unreadable',
      message: expect.stringContaining(`chmod 600 ${path}`),
    });
  },
);

test("[G21] a machine's secret that others can read is refused, too", async () => {
  using folder = tempFolder();
  const options = optionsIn(folder.path, null);
  const { place } = await keptKey(options);
  chmodSync(options.machineSecretPath, 0o644);
  await expect(readTillKey(place, options)).rejects.toMatchObject({
    code: 'secret_unreadable',
    message: expect.stringContaining(`chmod 600 ${options.machineSecretPath}`),
  });
});

test('[G20] without a keyring that works a new key goes to the file, unless the keyring is demanded', async () => {
  // No Secret Service can be reached there.
  const before = process.env['DBUS_SESSION_BUS_ADDRESS'];
  process.env['DBUS_SESSION_BUS_ADDRESS'] = 'unix:path=/nonexistent';
  try {
    using folder = tempFolder();
    const { name } = await keyStoreForNew(optionsIn(folder.path, null, 'auto'));
    expect(name).toBe('file');
    await expect(keyStoreForNew(optionsIn(folder.path, null, 'keyring'))).rejects.toMatchObject({
      code: 'secret_unreadable',
      message: expect.stringContaining('TILLCAST_KEY_STORE'),
    });
  } finally {
    if (before === undefined) delete process.env['DBUS_SESSION_BUS_ADDRESS'];
    else process.env['DBUS_SESSION_BUS_ADDRESS'] = before;
  }
});

test('a key that is removed is gone, and another one stays', async () => {
  using folder = tempFolder();
  const options = optionsIn(folder.path, PASSPHRASE);
  const { key, place } = await keptKey(options);
  const store = keyStoreNamed('file', options);
  await store.remove((await newTillKey()).id);
  expect(await readTillKey(place, options)).not.toBeNull();
  await store.remove(key.id);
  expect(await readTillKey(place, options)).toBeNull();
});

function flipped(text: string): string {
  return `${text.slice(0, -2)}${text.at(-2) === 'A' ? 'B' : 'A'}${text.at(-1) ?? ''}`;
}
