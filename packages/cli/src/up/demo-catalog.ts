import { TillcastError } from '@tillcast/protocol/errors';
import type { License } from '@tillcast/protocol/http/admin-api';
import type { AdminClient } from '../api/admin-client.ts';
import { importCatalog } from '../import/import-catalog.ts';
import { formatOf, readOperations } from '../import/read-operations.ts';
import { openSource } from '../import/source-file.ts';
import { keepActivationCode } from './activation-codes.ts';
import type { DemoTill } from './demo-plan.ts';

/** The till's license, created where it is missing; its activation code is kept for the demo's own tills. */
export async function ensureLicense(client: AdminClient, till: DemoTill, dataDir: string): Promise<License> {
  try {
    return await client.license(till.license);
  } catch (error) {
    if (!(error instanceof TillcastError) || error.code !== 'license_not_found') throw error;
    const created = await client.createLicense({ key: till.license, name: till.merchant });
    await keepActivationCode(dataDir, till.license, created.activation_code);
    return created;
  }
}

/** Whether nothing has ever been written to it. A catalog that somebody emptied has a version, and stays empty. */
export function isUntouched(license: License): boolean {
  return license.version === 0;
}

/** Imports the till's catalog: all of it or, should this be cut short, nothing, to be tried at the next start. */
export async function importDemoCatalog(client: AdminClient, till: DemoTill): Promise<License> {
  const source = await openSource(till.catalog);
  const rows = readOperations(source, formatOf(till.catalog) ?? 'jsonl', {
    kind: 'product',
    map: [],
    currency: undefined,
  });
  await importCatalog(client, rows, { license: till.license, partial: false });
  return client.license(till.license);
}
