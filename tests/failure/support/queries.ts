import { Client } from 'pg';
import { z } from 'zod';

/** Does one statement by a connection of its own, with all rights. */
export async function queryOnce(
  databaseUrl: string,
  sql: string,
  values: readonly unknown[] = [],
): Promise<readonly unknown[]> {
  const client = new Client({ connectionString: databaseUrl });
  await client.connect();
  try {
    return (await client.query(sql, [...values])).rows;
  } finally {
    await client.end();
  }
}

const changeSchema = z.array(z.object({ version: z.coerce.number(), digest: z.string(), id: z.string() }));

/** One line of a license's change log. */
export interface LoggedChange {
  readonly version: number;
  readonly digest: string;
  readonly id: string;
}

/** A license's change log, in order. */
export async function changesOf(databaseUrl: string, licenseKey: string): Promise<readonly LoggedChange[]> {
  const sql = `SELECT h.version, h.digest, h.id FROM changes h JOIN licenses l ON l.id = h.license_id
    WHERE l.key = $1 ORDER BY h.version`;
  return changeSchema.parse(await queryOnce(databaseUrl, sql, [licenseKey]));
}
