import { readFileSync, writeFileSync } from 'node:fs';
import { DatabaseSync } from 'node:sqlite';
import { parseLicenseKey } from '@tillcast/protocol/license-key';
import { expect, test } from 'vitest';
import { inspectTillFiles } from '../src/diagnosis/inspect-till-files.ts';
import { openSales } from '../src/sales/open-sales.ts';
import { openCatalog } from '../src/store/open-catalog.ts';
import { tempFolder } from './temp-folder.ts';

const LICENSE = parseLicenseKey('EXTRO-LIFE-ABC123');
const OWNER = { licenseKey: LICENSE, terminalId: '0192f0c1-7a52-7c3e-9d3a-3f1c6f1d2a10' };

/** The files of a till that was started once. */
function tillFiles(): ReturnType<typeof tempFolder> {
  const folder = tempFolder();
  openCatalog(folder.file('catalog.sqlite'), LICENSE, () => undefined).db.close();
  openSales(folder.file('sales.sqlite'), OWNER, () => undefined).db.close();
  return folder;
}

function statesIn(path: string): Readonly<Record<string, string>> {
  return Object.fromEntries(inspectTillFiles(path).files.map(({ name, state }) => [name, state]));
}

test('a till’s files are sound, and looking at them leaves them as they are', () => {
  using folder = tillFiles();
  const before = readFileSync(folder.file('catalog.sqlite'));
  expect(statesIn(folder.path)).toEqual({ 'catalog.sqlite': 'sound', 'sales.sqlite': 'sound' });
  expect(inspectTillFiles(folder.path).unsentSales).toBe(0);
  expect(readFileSync(folder.file('catalog.sqlite')).equals(before)).toBe(true);
});

test('a till that was never started has none', () => {
  using folder = tempFolder();
  expect(statesIn(folder.path)).toEqual({ 'catalog.sqlite': 'missing', 'sales.sqlite': 'missing' });
});

test('files of a till that runs are in use', () => {
  using folder = tillFiles();
  const { db } = openCatalog(folder.file('catalog.sqlite'), LICENSE, () => undefined);
  expect(statesIn(folder.path)).toMatchObject({ 'catalog.sqlite': 'in_use' });
  db.close();
});

test('bytes that rotted, a file of something else and one that is no database are damaged', () => {
  using folder = tillFiles();
  const bytes = readFileSync(folder.file('catalog.sqlite'));
  bytes.fill(0xa5, 100);
  writeFileSync(folder.file('catalog.sqlite'), bytes);
  new DatabaseSync(folder.file('other.sqlite')).exec('create table x (y integer) strict');
  writeFileSync(folder.file('sales.sqlite'), readFileSync(folder.file('other.sqlite')));
  expect(statesIn(folder.path)).toEqual({ 'catalog.sqlite': 'damaged', 'sales.sqlite': 'damaged' });
  writeFileSync(folder.file('sales.sqlite'), 'not a database at all');
  expect(statesIn(folder.path)).toMatchObject({ 'sales.sqlite': 'damaged' });
});
