import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { expect, test } from 'vitest';
import { missingPlatformPackages } from '../setup/lock-file.mjs';
import { root } from '../setup/toolchain.mjs';

const text = readFileSync(join(root, 'package-lock.json'), 'utf8');

test('the lock file has no download addresses, so that every registry serves', () => {
  expect(text).not.toMatch(/"resolved": "(?!packages\/)/);
  expect(text).not.toMatch(/https?:\/\/[^"]*\.tgz/);
});

test('the lock file is complete for every platform (else: node scripts/complete-lock.mjs)', () => {
  const lock: { packages: Parameters<typeof missingPlatformPackages>[0] } = JSON.parse(text);
  expect(missingPlatformPackages(lock.packages)).toEqual({});
});
