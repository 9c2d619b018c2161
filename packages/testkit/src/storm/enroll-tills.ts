import { newTillKey, pemOf } from '@tillcast/terminal/internals';
import { Client } from 'pg';

/** A till as if it had been activated. */
export interface EnrolledTill {
  readonly licenseKey: string;
  readonly terminalId: string;
  /** Its private key, PKCS #8. */
  readonly keyPem: string;
}

/**
 * Makes tills by SQL, shared out among the licenses: each activation costs a slow hash on purpose, on both sides.
 * @param databaseUrl with all rights
 * @param licenseKeys of licenses that are there
 */
export async function enrollTills(
  databaseUrl: string,
  licenseKeys: readonly string[],
  count: number,
): Promise<readonly EnrolledTill[]> {
  const made = await Promise.all(
    Array.from({ length: count }, async (_, index) => {
      const key = await newTillKey();
      const licenseKey = licenseKeys[index % licenseKeys.length] ?? '';
      const publicKey = JSON.stringify(key.publicKey);
      return { licenseKey, terminalId: crypto.randomUUID(), keyPem: pemOf(key), publicKey };
    }),
  );
  const client = new Client({ connectionString: databaseUrl });
  await client.connect();
  try {
    const { rowCount } = await client.query(
      `INSERT INTO terminals (license_id, terminal_id, name, public_key, activated_at)
      SELECT l.id, g.terminal_id, 'Storm', g.public_key, now()
      FROM unnest($1::text[], $2::uuid[], $3::text[]) AS g (license_key, terminal_id, public_key)
      JOIN licenses l ON l.key = g.license_key`,
      [
        made.map((each) => each.licenseKey),
        made.map((each) => each.terminalId),
        made.map((each) => each.publicKey),
      ],
    );
    if (rowCount !== count) throw new Error(`Of ${count} tills ${rowCount} have a license.`);
  } finally {
    await client.end();
  }
  return made.map(({ licenseKey, terminalId, keyPem }) => ({ licenseKey, terminalId, keyPem }));
}
