import { type Sale, saleSchema } from '@tillcast/protocol/sales/sale';
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

const bodySchema = z.array(z.object({ body: z.string() }));

/** The texts of a license's products, as the server has them. */
export async function productsOf(databaseUrl: string, licenseKey: string): Promise<ReadonlySet<string>> {
  const sql = `SELECT i.body FROM items i JOIN licenses l ON l.id = i.license_id
    WHERE l.key = $1 AND i.kind = 'product' AND i.body IS NOT NULL`;
  const rows = bodySchema.parse(await queryOnce(databaseUrl, sql, [licenseKey]));
  return new Set(rows.map(({ body }) => body));
}

const soldSchema = z.array(z.object({ terminal: z.string(), body: z.string() }));

/** A sale as the server has it. */
export interface SoldSale {
  readonly terminalId: string;
  readonly sale: Sale;
}

/** All sales of a license that the server has taken. */
export async function salesOf(databaseUrl: string, licenseKey: string): Promise<readonly SoldSale[]> {
  const sql = `SELECT s.terminal_id::text AS terminal, s.body FROM sales s JOIN licenses l ON l.id = s.license_id
    WHERE l.key = $1`;
  const rows = soldSchema.parse(await queryOnce(databaseUrl, sql, [licenseKey]));
  return rows.map(({ terminal, body }) => ({
    terminalId: terminal,
    sale: saleSchema.parse(JSON.parse(body)),
  }));
}

/** What of a license's sales the server has rejected, each with its reason. */
export async function rejectedOf(databaseUrl: string, licenseKey: string): Promise<readonly unknown[]> {
  const sql = `SELECT r.code, r.detail FROM rejected_sales r JOIN licenses l ON l.id = r.license_id WHERE l.key = $1`;
  return queryOnce(databaseUrl, sql, [licenseKey]);
}
