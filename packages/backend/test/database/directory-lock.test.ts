import { fork } from 'node:child_process';
import { once } from 'node:events';
import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { parseLicenseKey } from '@tillcast/protocol/license-key';
import { expect, onTestFinished, test } from 'vitest';
import { commit } from '../../src/catalog/commit.ts';
import { lockDirectory } from '../../src/database/directory-lock.ts';
import { getLicense } from '../../src/licenses/find-license.ts';
import { context, open, product, snapshotOf } from '../contract/fixture.ts';

async function temporaryFolder(): Promise<string> {
  const folder = await mkdtemp(join(tmpdir(), 'tillcast-lock-'));
  onTestFinished(() => rm(folder, { recursive: true, force: true }));
  return folder;
}

test('a directory is locked once, and free again when released', async () => {
  const folder = await temporaryFolder();
  const lock = await lockDirectory(folder);
  await expect(lockDirectory(folder)).rejects.toMatchObject({ code: 'data_in_use' });
  lock.release();
  (await lockDirectory(folder)).release();
});

// A process has the embedded database open, is refused to us, and is killed: its acknowledged commits are there.
test('[C6] the embedded database of a killed process opens again with all it had acknowledged', async () => {
  const folder = await temporaryFolder();
  const child = fork(new URL('./embedded-process.ts', import.meta.url), [folder], { execArgv: [] });
  const acknowledged = Promise.withResolvers<number>();
  child.on('message', (version) => {
    if (typeof version === 'number' && version >= 20) acknowledged.resolve(version);
  });
  const version = await acknowledged.promise;
  await expect(open({ dataDir: folder })).rejects.toMatchObject({ code: 'data_in_use' });
  child.kill('SIGKILL');
  await once(child, 'exit');
  await using database = await open({ dataDir: folder });
  const key = parseLicenseKey('KILLED-LIFE-1');
  const state = await getLicense(database, key);
  expect(state.version).toBeGreaterThanOrEqual(version);
  expect((await snapshotOf(database, key)).content.get('product P')).toContain(`"price":${state.version},`);
  expect(await commit(database, key, [product('P', 0)], context)).toMatchObject({
    version: state.version + 1,
  });
});
