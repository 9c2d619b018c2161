import { freshDatabase } from '@tillcast/testkit';
import { open } from './fixture.ts';
import { storageContract } from './storage-contract.ts';

storageContract('PostgreSQL', async () => {
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
