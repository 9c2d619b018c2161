import type { CommitResult } from '@tillcast/protocol/http/admin-api';
import { expect } from 'vitest';
import { z } from 'zod';
import { changesOf, queryOnce } from '../../failure/support/queries.ts';

/**
 * Fails where a license's changes have a hole, or one that was acknowledged is not what is logged (P2, P3).
 * @param acknowledged by license
 */
export async function checkChangeLogs(
  databaseUrl: string,
  acknowledged: ReadonlyMap<string, readonly CommitResult[]>,
): Promise<void> {
  for (const [shop, results] of acknowledged) {
    const logged = await changesOf(databaseUrl, shop);
    const versions = logged.map(({ version }) => version);
    expect(versions, shop).toEqual(logged.map((_, index) => index + 1));
    for (const { version, digest } of results)
      expect(logged[version - 1]?.digest, `${shop} ${version}`).toBe(digest);
  }
}

/** Where a license stands. */
export interface Head {
  readonly version: number;
  readonly digest: string;
}

const headsSchema = z.array(z.object({ key: z.string(), version: z.number(), digest: z.string() }));

/** Where all licenses stand. */
export async function headsOf(databaseUrl: string): Promise<ReadonlyMap<string, Head>> {
  const sql = `SELECT l.key, c.version::integer AS version, c.digest
    FROM licenses l JOIN catalogs c ON c.license_id = l.id`;
  const rows = headsSchema.parse(await queryOnce(databaseUrl, sql));
  return new Map(rows.map(({ key, ...head }) => [key, head]));
}
