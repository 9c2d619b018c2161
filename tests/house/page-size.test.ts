import { readdirSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { gzipSync } from 'node:zlib';
import { expect, test } from 'vitest';
import { root } from './repository.ts';

/** A till is often an old machine, and its page has to be there at once after a power cut. */
const SCRIPT_MAX_BYTES = 100_000;

test("[T41] the script of the till's page is at most 100 kB, compressed", () => {
  const assets = join(root, 'packages', 'till-ui', 'dist', 'assets');
  const scripts = readdirSync(assets).filter((name) => name.endsWith('.js'));
  const sizes = scripts.map((name) => gzipSync(readFileSync(join(assets, name)), { level: 9 }).length);
  const size = sizes.reduce((sum, each) => sum + each, 0);
  expect(size).toBeGreaterThan(10_000);
  expect(size).toBeLessThanOrEqual(SCRIPT_MAX_BYTES);
});
