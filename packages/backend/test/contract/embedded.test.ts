import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { open } from './fixture.ts';
import { storageContract } from './storage-contract.ts';

storageContract('the embedded engine', async () => {
  const dataDir = await mkdtemp(join(tmpdir(), 'tillcast-embedded-'));
  const database = await open({ dataDir });
  return {
    database,
    close: async () => {
      await database.close();
      await rm(dataDir, { recursive: true, force: true });
    },
  };
});
