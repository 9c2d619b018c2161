import { setTimeout as pause } from 'node:timers/promises';
import { Client } from 'pg';
import { z } from 'zod';

const LOOK_EVERY_MS = 50;
const rowSchema = z.tuple([z.object({ published: z.coerce.number(), waiting: z.coerce.number() })]);

/** Watches how far the relays have published, by the database. */
export interface PublishedMarks extends AsyncDisposable {
  /** The longest time in which something waited and nothing was confirmed, since it was last asked. */
  readonly takePauseMs: () => number;
}

export function watchPublishedMarks(databaseUrl: string): PublishedMarks {
  const stopping = new AbortController();
  let [published, movedAtMs, pauseMs] = [-1, performance.now(), 0];
  const look = async (client: Client): Promise<void> => {
    const { rows } = await client.query(
      `SELECT sum(least(p.published_version, c.version)) AS published,
        sum(c.version - least(p.published_version, c.version)) AS waiting
      FROM catalogs c JOIN publications p ON p.license_id = c.license_id`,
    );
    const [now] = rowSchema.parse(rows);
    const atMs = performance.now();
    pauseMs = Math.max(pauseMs, atMs - movedAtMs);
    if (now.published > published || now.waiting === 0) movedAtMs = atMs;
    published = now.published;
  };
  const run = async (): Promise<void> => {
    let client: Client | null = null;
    while (!stopping.signal.aborted) {
      try {
        client ??= await dial(databaseUrl);
        await look(client);
      } catch {
        // The database is one of the parts that die: nothing is published meanwhile.
        await hangUp(client);
        client = null;
      }
      await pause(LOOK_EVERY_MS);
    }
    await client?.end();
  };
  const running = run();
  return {
    takePauseMs: () => {
      const taken = pauseMs;
      pauseMs = 0;
      return Math.round(taken);
    },
    [Symbol.asyncDispose]: async () => {
      stopping.abort();
      await running;
    },
  };
}

async function hangUp(client: Client | null): Promise<void> {
  // What is gone already cannot be closed.
  await client?.end().catch(() => undefined);
}

async function dial(databaseUrl: string): Promise<Client> {
  const client = new Client({ connectionString: databaseUrl, connectionTimeoutMillis: 2_000 });
  client.on('error', () => undefined);
  await client.connect();
  return client;
}
