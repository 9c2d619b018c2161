import { afterAll, beforeAll, describe } from 'vitest';
import type { Database } from '../../src/database/database.ts';
import { activationContract } from './activation-contract.ts';
import { auditContract } from './audit-contract.ts';
import { commitContract } from './commit-contract.ts';
import { concurrencyContract } from './concurrency-contract.ts';
import { databaseContract } from './database-contract.ts';
import { deltaContract } from './delta-contract.ts';
import { fleetContract } from './fleet-contract.ts';
import { isolationContract } from './isolation-contract.ts';
import { licensesContract } from './licenses-contract.ts';
import { propertyContract } from './property-contract.ts';
import { salesContract } from './sales-contract.ts';
import { terminalsContract } from './terminals-contract.ts';

/** What both engines promise: every test of the storage, on the database that `open` gives. */
export function storageContract(
  engine: string,
  open: () => Promise<{ database: Database; close: () => Promise<void> }>,
): void {
  describe(`storage on ${engine}`, () => {
    let opened: Awaited<ReturnType<typeof open>> | undefined;
    beforeAll(async () => {
      opened = await open();
    });
    afterAll(async () => {
      await opened?.close();
    });
    const database = (): Database => {
      if (opened === undefined) throw new Error('The database is not open.');
      return opened.database;
    };
    databaseContract(database);
    licensesContract(database);
    commitContract(database);
    deltaContract(database);
    concurrencyContract(database);
    propertyContract(database);
    terminalsContract(database);
    fleetContract(database);
    activationContract(database);
    auditContract(database);
    isolationContract(database);
    salesContract(database);
  });
}
