import { mkdirSync, rmSync } from 'node:fs';
import { silentLogger } from '@tillcast/broker';
import { expect, test } from 'vitest';
import { countStart, INSTANCE_FILE } from '../src/instance.ts';
import { tempFolder } from './temp-folder.ts';

test('[N4] a start that cannot be counted tells nothing, and is counted as soon as it can be', () => {
  using folder = tempFolder();
  const first = countStart(folder.path, silentLogger)();
  expect(first?.starts).toBe(1);
  // The place of its draft is taken, as no name is free on a disk that is full.
  const draft = folder.file(`${INSTANCE_FILE}.new`);
  mkdirSync(draft);
  const second = countStart(folder.path, silentLogger);
  expect([second(), second()]).toEqual([null, null]);
  rmSync(draft, { recursive: true });
  const counted = second();
  expect(counted).toMatchObject({ id: first?.id, starts: 2 });
  expect(counted?.run).not.toBe(first?.run);
  expect(second()).toEqual(counted);
});
