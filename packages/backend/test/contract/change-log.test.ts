import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { parseLicenseKey } from '@tillcast/protocol/license-key';
import { freshDatabase } from '@tillcast/testkit';
import { MemoryDatabase, memoryChangeLog, simulatedSigner } from '@tillcast/testkit/simulation';
import { prepareOperations } from '../../src/catalog/prepare.ts';
import { changeLogContract } from './change-log-contract.ts';
import { filledDatabaseLog, NOTICE } from './filled-database-log.ts';
import { open, product } from './fixture.ts';

changeLogContract('PostgreSQL', async () => {
  const fresh = await freshDatabase();
  const database = await open({ url: fresh.url });
  return filledDatabaseLog(database, async () => {
    await database.close();
    await fresh.drop();
  });
});

changeLogContract('the embedded engine', async () => {
  const dataDir = await mkdtemp(join(tmpdir(), 'tillcast-embedded-'));
  const database = await open({ dataDir });
  return filledDatabaseLog(database, async () => {
    await database.close();
    await rm(dataDir, { recursive: true, force: true });
  });
});

changeLogContract('the simulator', () => {
  let ids = 0;
  const database = new MemoryDatabase({
    signer: simulatedSigner,
    nowMs: Date.now,
    newId: () => `00000000-0000-7000-8000-${String((ids += 1)).padStart(12, '0')}`,
  });
  const idOf = (key: string): number => database.find(parseLicenseKey(key))?.id ?? 0;
  return Promise.resolve({
    log: memoryChangeLog(database),
    newLicense: () => {
      ids += 1;
      const { id, key } = database.createLicense(parseLicenseKey(`TEST-SIM${ids}`), 'epoch0001');
      return Promise.resolve({ id, key });
    },
    commit: async (key, price) => {
      const operations = prepareOperations([product('P1', price)]);
      let draft = database.draft(idOf(key), operations);
      for (;;) {
        // Another may commit between the reading and the writing.
        await Promise.resolve();
        const change = database.write(draft);
        if (change !== null) return change.version;
        draft = database.draft(idOf(key), operations);
      }
    },
    announce: (expiresInS) =>
      Promise.resolve(database.createBroadcast({ ...NOTICE, expires_in_s: expiresInS }).id),
    setStatus: (key, status) => Promise.resolve(database.setStatus(idOf(key), status)),
    close: () => Promise.resolve(),
  });
});
