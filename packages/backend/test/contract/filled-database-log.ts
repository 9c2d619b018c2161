import type { BroadcastRequest } from '@tillcast/protocol/http/admin-api';
import { createBroadcast } from '../../src/broadcasts/create-broadcast.ts';
import { commit } from '../../src/catalog/commit.ts';
import type { Database } from '../../src/database/database.ts';
import { getLicense } from '../../src/licenses/find-license.ts';
import { setLicenseStatus } from '../../src/licenses/set-license-status.ts';
import { databaseChangeLog } from '../../src/relay/database-change-log.ts';
import type { FilledLog } from './change-log-contract.ts';
import { context, newLicense, product } from './fixture.ts';

/** A notice to every till, but for how long it is in force. */
export const NOTICE: Omit<BroadcastRequest, 'expires_in_s'> = {
  type: 'system_notice',
  message: 'The shop closes at six',
  severity: 'info',
};

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
    announce: async (expiresInS) =>
      (await createBroadcast(database, { ...NOTICE, expires_in_s: expiresInS }, context)).id,
    setStatus: async (key, status) => {
      await setLicenseStatus(database, key, status, context);
    },
    close,
  };
}
