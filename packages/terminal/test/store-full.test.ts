import { execFile } from 'node:child_process';
import { fileURLToPath } from 'node:url';
import { promisify } from 'node:util';
import { parseLicenseKey } from '@tillcast/protocol/license-key';
import { expect, test } from 'vitest';
import { TillStore } from '../src/store/till-store.ts';
import { tempFolder } from './temp-folder.ts';

const CHILD = fileURLToPath(new URL('full-disk-child.ts', import.meta.url));

test('[R9] a commit that the disk does not take changes nothing, and the file is not thrown away', async () => {
  using folder = tempFolder();
  const path = folder.file('catalog.sqlite');
  // No file may grow beyond 512 KiB, as on a full disk; without the signal that would end the process.
  const shell = `trap '' XFSZ; ulimit -f 512; exec "$0" "$1" "$2"`;
  const { stdout } = await promisify(execFile)('bash', ['-c', shell, process.execPath, CHILD, path]);
  const told = JSON.parse(stdout);
  expect(told.outcome).toBe('store');
  expect(told.cursor.version).toBe(told.version - 1);
  expect(told.shown).toBe(told.cursor.version * 100);

  const setAside: string[] = [];
  using store = new TillStore({
    path,
    licenseKey: parseLicenseKey('EXTRO-LIFE-ABC123'),
    onSetAside: ({ reason }) => setAside.push(reason),
  });
  expect(setAside).toEqual([]);
  expect(store.cursor).toEqual(told.cursor);
  expect(store.bodies('product')).toHaveLength(told.shown);
});
