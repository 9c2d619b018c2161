import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { readdirSync, readFileSync } from 'node:fs';
import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { chromiumProgram, freePort } from '@tillcast/testkit';
import { expect, onTestFinished, test } from 'vitest';
import { root } from '../house/repository.ts';

const WAIT = { timeout: 60_000, interval: 100 };

/** The browsers that keep their data in a folder. */
function browsersIn(folder: string): readonly number[] {
  return readdirSync('/proc')
    .filter((name) => /^\d+$/.test(name))
    .filter((pid) => {
      try {
        const words = readFileSync(join('/proc', pid, 'cmdline'), 'utf8').split('\0');
        return words.includes(`--user-data-dir=${folder}`) && words.includes('--kiosk');
      } catch {
        // It ended while we looked.
        return false;
      }
    })
    .map(Number);
}

/** The addresses of the pages that a browser shows. */
async function pagesAt(debuggingPort: number): Promise<readonly string[]> {
  try {
    const answer = await fetch(`http://127.0.0.1:${debuggingPort}/json/list`);
    return ((await answer.json()) as { type: string; url: string }[])
      .filter(({ type }) => type === 'page')
      .map(({ url }) => url);
  } catch {
    // It is not there yet.
    return [];
  }
}

test('[T45] the page is shown by Chromium, again when that has ended, and Chromium ends with the till', {
  timeout: 180_000,
}, async () => {
  const dataDir = await mkdtemp(join(tmpdir(), 'tillcast-kiosk-'));
  onTestFinished(() => rm(dataDir, { recursive: true, force: true, maxRetries: 5 }));
  const [port, debuggingPort] = [await freePort(), await freePort()];
  const child = spawn(
    process.execPath,
    [join(root, 'packages/cli/bin/tillcast.mjs'), 'terminal', '--kiosk'],
    {
      cwd: dataDir,
      stdio: ['ignore', 'ignore', 'inherit'],
      env: {
        ...process.env,
        PORT: String(port),
        TILLCAST_DATA_DIR: dataDir,
        TILLCAST_CHROMIUM: chromiumProgram(),
        TILLCAST_CHROMIUM_FLAGS: `--headless --no-sandbox --disable-gpu --remote-debugging-port=${debuggingPort}`,
      },
    },
  );
  const exited = once(child, 'exit');
  const profile = join(dataDir, 'kiosk');
  const shown = (): Promise<readonly string[]> => pagesAt(debuggingPort);
  try {
    await expect.poll(shown, WAIT).toEqual([`http://127.0.0.1:${port}/`]);
    const [first] = browsersIn(profile);
    if (first === undefined) throw new Error('There is no browser.');
    process.kill(first, 'SIGKILL');
    await expect.poll(() => browsersIn(profile).includes(first), WAIT).toBe(false);
    await expect.poll(() => browsersIn(profile).length, WAIT).toBeGreaterThan(0);
    await expect.poll(shown, WAIT).toEqual([`http://127.0.0.1:${port}/`]);
  } finally {
    child.kill('SIGTERM');
  }
  expect(await exited).toEqual([0, null]);
  await expect.poll(() => browsersIn(profile), WAIT).toEqual([]);
});
