import { fork } from 'node:child_process';
import { once } from 'node:events';
import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { expect, onTestFinished, test } from 'vitest';
import { takeExclusiveLock } from '../src/exclusive-lock.ts';

async function lockPath(): Promise<string> {
  const folder = await mkdtemp(join(tmpdir(), 'tillcast-lock-'));
  onTestFinished(() => rm(folder, { recursive: true, force: true }));
  return join(folder, 'lock');
}

test('a lock is taken once, and free again when released', async () => {
  const path = await lockPath();
  const lock = takeExclusiveLock(path);
  expect(lock).not.toBeNull();
  expect(takeExclusiveLock(path)).toBeNull();
  lock?.release();
  lock?.release();
  const next = takeExclusiveLock(path);
  expect(next).not.toBeNull();
  next?.release();
});

test('a lock held by another process is refused, and free the moment that process is killed', async () => {
  const path = await lockPath();
  const holder = fork(new URL('./lock-holder.ts', import.meta.url), [path], { execArgv: [] });
  await once(holder, 'message');
  expect(takeExclusiveLock(path)).toBeNull();
  holder.kill('SIGKILL');
  await once(holder, 'exit');
  const lock = takeExclusiveLock(path);
  expect(lock).not.toBeNull();
  lock?.release();
});

test('of many processes that want the lock of a killed one at once, one gets it', async () => {
  const path = await lockPath();
  const killed = fork(new URL('./lock-holder.ts', import.meta.url), [path], { execArgv: [] });
  await once(killed, 'message');
  killed.kill('SIGKILL');
  await once(killed, 'exit');
  const holders = Array.from({ length: 4 }, () =>
    fork(new URL('./lock-holder.ts', import.meta.url), [path], { execArgv: [] }),
  );
  const answers = await Promise.all(
    holders.map(async (holder) => String((await once(holder, 'message'))[0])),
  );
  expect(answers.toSorted()).toEqual(['refused', 'refused', 'refused', 'taken']);
  for (const holder of holders) {
    holder.kill('SIGKILL');
    await once(holder, 'exit');
  }
});
