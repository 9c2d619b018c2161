import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { ADMIN_PATHS } from '@tillcast/protocol/http/admin-api';
import { createDatabase } from '@tillcast/testkit';
import { Client } from 'pg';
import { catalogLines, productOf, startBenchBackend } from './lib/backend.ts';
import type { Benchmark } from './lib/benchmark.ts';
import { compare, timed } from './lib/measure.ts';

const CHUNK = 5_000;

/**
 * B10: import of 100,000 products through the API (parse, check, hash, write, change log, answer) against an
 * `unnest` upsert of the same texts in one transaction, and against COPY.
 *
 * Traps: the floor's texts are ready before its clock starts, so it neither parses nor hashes; each round
 * writes into an empty table or a new license, so that neither pays for the other's dead rows; the floor's
 * table has the same columns and the same two indexes, since without the second there are no deltas.
 */
export const b10: Benchmark = {
  id: 'B10',
  title: 'import of 100,000 products, change log included',
  run: async (context) => {
    const items = context.quick ? 10_000 : 100_000;
    const lines = catalogLines(items);
    const ids = Array.from({ length: items }, (_, index) => String(productOf(index, 1.5)['id']));
    const bodies = ids.map((_, index) => JSON.stringify(productOf(index, 1.5)));
    await using backend = await startBenchBackend(context);
    await using bare = await createDatabase(context.postgres.url);
    const client = new Client({ connectionString: bare.url });
    await client.connect();
    await client.query(`CREATE TABLE items (license_id integer, kind text COLLATE "C", id text COLLATE "C",
      version bigint, body text, digest text, PRIMARY KEY (license_id, kind, id))`);
    await client.query('CREATE INDEX items_by_version ON items (license_id, version, kind, id)');

    let license = 0;
    const product = async (): Promise<number> => {
      license += 1;
      const key = `BENCH-IMPORT-${license}`;
      await backend.admin(ADMIN_PATHS.licenses, { key });
      return timed(() => backend.importOperations(key, lines));
    };
    const unnest = async (): Promise<number> => {
      await client.query('TRUNCATE items');
      return timed(async () => {
        await client.query('BEGIN');
        for (let at = 0; at < items; at += CHUNK) {
          await client.query(
            `INSERT INTO items SELECT 1, 'product', id, 1, body, '0123456789abcdef' FROM unnest($1::text[], $2::text[]) AS given(id, body)
             ON CONFLICT (license_id, kind, id) DO UPDATE SET version = excluded.version, body = excluded.body`,
            [ids.slice(at, at + CHUNK), bodies.slice(at, at + CHUNK)],
          );
        }
        await client.query('COMMIT');
      });
    };
    const copied = ids
      .map(
        (id, index) => `1\tproduct\t${id}\t1\t${bodies[index]?.replaceAll('\\', '\\\\')}\t0123456789abcdef\n`,
      )
      .join('');
    const copy = async (): Promise<number> => {
      await client.query('TRUNCATE items');
      return timed(() => copyFrom(bare.url, copied));
    };
    try {
      const what = `${items} products: API import`;
      const rounds = context.quick ? 3 : 5;
      return [
        await compare({
          id: 'B10',
          what: `${what} / unnest upsert`,
          product,
          floor: unnest,
          rounds,
          maxRatio: 2,
          operations: items,
        }),
        await compare({
          id: 'B10',
          what: `${what} / COPY`,
          product,
          floor: copy,
          rounds,
          maxRatio: 6,
          operations: items,
        }),
      ];
    } finally {
      await client.end();
    }
  },
};

async function copyFrom(url: string, rows: string): Promise<void> {
  const psql = spawn('psql', ['--quiet', '--no-psqlrc', '--command', 'COPY items FROM STDIN', url], {
    stdio: ['pipe', 'ignore', 'inherit'],
  });
  psql.stdin.end(rows);
  await once(psql, 'exit');
  if (psql.exitCode !== 0) throw new Error(`psql ended with ${psql.exitCode}`);
}
