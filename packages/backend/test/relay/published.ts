import { setTimeout as pause } from 'node:timers/promises';
import type { LicenseKey } from '@tillcast/protocol/license-key';
import type { Database } from '../../src/database/database.ts';
import { getLicense } from '../../src/licenses/find-license.ts';

/** Resolves when the relay has marked the license as published up to the version. */
export async function publishedUpTo(database: Database, key: LicenseKey, version: number): Promise<void> {
  while ((await getLicense(database, key)).publishedVersion < version) await pause(10);
}
