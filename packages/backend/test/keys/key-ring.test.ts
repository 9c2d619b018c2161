import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { freshDatabase } from '@tillcast/testkit';
import { open } from '../contract/fixture.ts';
import { keyRingContract } from '../contract/key-ring-contract.ts';

keyRingContract('PostgreSQL', async () => {
  const fresh = await freshDatabase();
  const database = await open({ url: fresh.url });
  return {
    database,
    close: async () => {
      await database.close();
      await fresh.drop();
    },
  };
});

keyRingContract('the embedded engine', async () => {
  const dataDir = await mkdtemp(join(tmpdir(), 'tillcast-keys-'));
  const database = await open({ dataDir });
  return {
    database,
    close: async () => {
      await database.close();
      await rm(dataDir, { recursive: true, force: true });
    },
  };
});
