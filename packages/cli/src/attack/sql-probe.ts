import type { LicenseKey } from '@tillcast/protocol/license-key';
import { Client } from 'pg';

/** The role that everything of one license runs as. */
const LICENSE_ROLE = 'tillcast_app';

/** SQL as the application's own role, within a transaction for one license, with no code of ours in between. */
export class SqlProbe implements AsyncDisposable {
  readonly #client: Client;

  private constructor(client: Client) {
    this.#client = client;
  }

  /** @param url as the backend has it in `DATABASE_URL` */
  static async connect(url: string): Promise<SqlProbe> {
    const client = new Client({ connectionString: url, application_name: 'tillcast attack' });
    await client.connect();
    return new SqlProbe(client);
  }

  /**
   * Runs a statement for a license, and undoes whatever it did.
   * @param license null: no license is set
   * @returns its rows, and how many it touched; rejects with the database's error
   */
  async run(
    license: LicenseKey | null,
    statement: string,
  ): Promise<{ readonly rows: readonly unknown[]; readonly count: number }> {
    const client = this.#client;
    await client.query('BEGIN');
    try {
      if (license !== null) {
        await client.query(
          `SELECT set_config('tillcast.license_id', (SELECT id::text FROM licenses WHERE key = $1), true)`,
          [license],
        );
      }
      await client.query(`SET LOCAL ROLE ${LICENSE_ROLE}`);
      const result = await client.query<Record<string, unknown>>(statement);
      return { rows: result.rows, count: result.rowCount ?? 0 };
    } finally {
      await client.query('ROLLBACK');
    }
  }

  async [Symbol.asyncDispose](): Promise<void> {
    await this.#client.end();
  }
}
