import { Client } from 'pg';
import { z } from 'zod';

/** One version of a history. */
export interface TrueVersion {
  readonly digest: string;
  /** No later than then was it committed, by `performance.now()`. */
  readonly knownAtMs: number;
}

/** One license's history, as the database told of it. */
export interface TrueHistory {
  readonly epoch: string;
  /** Since when it is the license's own, at the latest. */
  readonly knownAtMs: number;
  readonly versions: Map<number, TrueVersion>;
  /** The same in order. */
  readonly order: { readonly version: number; readonly knownAtMs: number }[];
}

const rowSchema = z.object({
  key: z.string(),
  epoch: z.string(),
  version: z.coerce.number(),
  digest: z.string(),
  later: z.array(z.object({ version: z.number(), digest: z.string() })).nullable(),
});

/**
 * What the database holds of each license, read by a connection of its own that suffers no faults, and kept: which
 * digest each version has, and when it was there at the latest.
 */
export class ServerTruth {
  #url: string;
  /** By license, newest history last. */
  readonly #histories = new Map<string, TrueHistory[]>();
  #client: Client | null = null;

  constructor(databaseUrl: string) {
    this.#url = databaseUrl;
  }

  /** Reads from another database from now on. */
  async readFrom(databaseUrl: string): Promise<void> {
    this.#url = databaseUrl;
    await this.#hangUp();
  }

  /** The license's present history; null before the first look. */
  now(licenseKey: string): TrueHistory | null {
    return this.#histories.get(licenseKey)?.at(-1) ?? null;
  }

  /** What a history of the license, present or past, says of a version. */
  versionOf(licenseKey: string, epoch: string, version: number): TrueVersion | null {
    const history = this.#histories.get(licenseKey)?.findLast((each) => each.epoch === epoch);
    return history?.versions.get(version) ?? null;
  }

  /** Reads what is new; where the database is away, what was known stays. */
  async look(): Promise<void> {
    let rows: readonly z.infer<typeof rowSchema>[];
    try {
      rows = await this.#read();
    } catch {
      // It is one of the faults that the database is away; nobody commits meanwhile.
      await this.#hangUp();
      return;
    }
    const knownAtMs = performance.now();
    for (const row of rows) this.#learn(row, knownAtMs);
  }

  async stop(): Promise<void> {
    await this.#hangUp();
  }

  #learn({ key, epoch, version, digest, later }: z.infer<typeof rowSchema>, knownAtMs: number): void {
    const histories = this.#histories.get(key) ?? [];
    this.#histories.set(key, histories);
    let history = histories.at(-1);
    if (history?.epoch !== epoch) {
      history = { epoch, knownAtMs, versions: new Map(), order: [] };
      histories.push(history);
    }
    for (const each of [...(later ?? []), { version, digest }]) {
      if (history.versions.has(each.version)) continue;
      history.versions.set(each.version, { digest: each.digest, knownAtMs });
      history.order.push({ version: each.version, knownAtMs });
    }
  }

  async #read(): Promise<readonly z.infer<typeof rowSchema>[]> {
    const client = this.#client ?? (await this.#dial());
    const known = [...this.#histories].map(([key, histories]) => {
      const newest = histories.at(-1);
      return { key, epoch: newest?.epoch ?? '', version: newest?.order.at(-1)?.version ?? 0 };
    });
    const { rows } = await client.query(
      `SELECT l.key, c.epoch, c.version, c.digest, (
        SELECT json_agg(json_build_object('version', h.version, 'digest', h.digest) ORDER BY h.version)
        FROM changes h WHERE h.license_id = l.id AND h.version <= c.version AND h.version > coalesce(
          (SELECT k.version FROM json_to_recordset($1) AS k (key text, epoch text, version bigint)
            WHERE k.key = l.key AND k.epoch = c.epoch), 0)
      ) AS later
      FROM licenses l JOIN catalogs c ON c.license_id = l.id`,
      [JSON.stringify(known)],
    );
    return z.array(rowSchema).parse(rows);
  }

  async #dial(): Promise<Client> {
    const client = new Client({ connectionString: this.#url, connectionTimeoutMillis: 5_000 });
    // The query that is under way tells.
    client.on('error', () => undefined);
    await client.connect();
    this.#client = client;
    return client;
  }

  async #hangUp(): Promise<void> {
    const client = this.#client;
    this.#client = null;
    await client?.end();
  }
}
