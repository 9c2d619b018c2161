import { commit } from '../../src/catalog/commit.ts';
import type { Database } from '../../src/database/database.ts';
import { getLicense } from '../../src/licenses/find-license.ts';
import { setLicenseStatus } from '../../src/licenses/set-license-status.ts';
import { databaseChangeLog } from '../../src/relay/database-change-log.ts';
import type { FilledLog } from './change-log-contract.ts';
import { context, newLicense, product } from './fixture.ts';

/** The change log of a database, filled as the product fills it. */
export function filledDatabaseLog(database: Database, close: () => Promise<void>): FilledLog {
  return {
    log: databaseChangeLog(database),
    newLicense: async () => {
      const key = await newLicense(database);
      const { id } = await getLicense(database, key);
      return { id, key };
    },
    commit: async (key, price) => {
      const { version } = await commit(database, key, [product('P1', price)], context);
      return version;
    },
    setStatus: async (key, status) => {
      await setLicenseStatus(database, key, status, context);
    },
    close,
  };
}
