import { existsSync } from 'node:fs';
import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { Client } from 'pg';
import { afterAll, beforeAll, expect, onTestFinished, test, vi } from 'vitest';
import { type CliOutcome, runCommand } from '../support/command.ts';
import { type GuardedSystem, startGuardedSystem } from '../support/guarded-system.ts';
import { filedSales } from '../support/sales-of-till.ts';
import { API_KEY } from '../support/system.ts';

/** The machine may be busy: a simulation takes half a minute where it is not. */
const PATIENCE_MS = 240_000;

let system: GuardedSystem;
let database: Client;

beforeAll(async () => {
  system = await startGuardedSystem({ apart: true });
  database = new Client({ connectionString: system.databaseUrl });
  await database.connect();
}, 120_000);

afterAll(async () => {
  await database.end();
  await system[Symbol.asyncDispose]();
});

/** Runs it in a folder of its own, so that nothing but the environment says where the backend is. */
async function simulate(
  argv: readonly string[],
  interrupt?: AbortSignal,
): Promise<CliOutcome & { readonly folder: string }> {
  const cwd = await mkdtemp(join(tmpdir(), 'tillcast-simulated-'));
  onTestFinished(() => rm(cwd, { recursive: true, force: true }));
  const env = { TILLCAST_URL: system.backends[0]?.url ?? '', TILLCAST_API_KEY: API_KEY };
  const folder = join(cwd, 'tills');
  const options = { cwd, env, ...(interrupt === undefined ? {} : { interrupt }) };
  return { folder, ...(await runCommand(['simulate', '--json', '--folder', folder, ...argv], options)) };
}

async function salesOf(license: string): Promise<readonly { readonly id: string; readonly minor: number }[]> {
  const { rows } = await database.query<{ id: string; minor: string }>(
    'SELECT s.sale_id AS id, s.total_minor AS minor FROM sales s JOIN licenses l ON l.id = s.license_id WHERE l.key = $1',
    [license],
  );
  return rows.map(({ id, minor }) => ({ id, minor: Number(minor) }));
}

/** Does something to a sale of tills that sell, as soon as there is one. @returns the pence that it came to */
async function onceStored(statement: string): Promise<number> {
  const found = (): Promise<{ rows: { id: string }[] }> =>
    database.query(
      "SELECT s.sale_id AS id FROM sales s JOIN licenses l ON l.id = s.license_id WHERE l.status <> 'revoked' LIMIT 1",
    );
  await vi.waitFor(async () => expect((await found()).rows).toHaveLength(1), {
    timeout: 90_000,
    interval: 200,
  });
  const { rows } = await database.query<{ minor: string }>(statement, [(await found()).rows[0]?.id]);
  return Number(rows[0]?.minor);
}

test(
  '[K30] [P5] simulated tills, some of them cut off, sell at the rate that was asked for, and hand in each sale once; their license ends with them',
  async () => {
    const rate = ['--terminals', '6', '--sales', '4/s', '--seconds', '12', '--offline', '34%'];
    const { code, out, err, folder } = await simulate(rate);
    const report = JSON.parse(out === '' ? err : out);
    expect(report).toMatchObject({
      tills: { asked_for: 6 },
      sales: { made: 48, accepted: 48, rejected: 0, waiting: 0, not_made: 0, missing: 0, surplus: 0 },
      trouble: null,
    });
    expect(report.sales.made_cut_off).toBeGreaterThan(0);
    expect(report.days.every((day: { equal: boolean }) => day.equal)).toBe(true);
    expect(code).toBe(0);
    const filed = Array.from({ length: 6 }, (_, index) =>
      filedSales(join(folder, `till-000${index + 1}`)),
    ).flat();
    const stored = await salesOf(report.license);
    expect(stored.map(({ id }) => id).sort()).toEqual(filed.map(({ id }) => id).sort());
    const total = (sales: readonly { minor: number }[]): number =>
      sales.reduce((sum, { minor }) => sum + minor, 0);
    expect(total(stored)).toBe(total(filed));
    const { rows } = await database.query('SELECT status FROM licenses WHERE key = $1', [report.license]);
    expect(rows).toEqual([{ status: 'revoked' }]);
  },
  PATIENCE_MS,
);

test(
  '[K30] a sale that the server lost, and one that it changed by a penny, are found: the exit code is 1',
  async () => {
    const running = simulate(['--terminals', '2', '--sales', '4/s', '--seconds', '8']);
    const lost = await onceStored('DELETE FROM sales WHERE sale_id = $1 RETURNING total_minor AS minor');
    await onceStored(
      'UPDATE sales SET total_minor = total_minor + 1 WHERE sale_id = $1 RETURNING total_minor AS minor',
    );
    const { code, out } = await running;
    const { sales, days } = JSON.parse(out);
    expect(sales).toMatchObject({ made: 32, accepted: 32, missing: 1, surplus: 0 });
    const pence = (side: 'tills' | 'server'): number =>
      days.reduce(
        (sum: number, day: Record<string, { amount: string }>) =>
          sum + Math.round(Number(day[side]?.amount) * 100),
        0,
      );
    expect(pence('tills') - pence('server')).toBe(lost - 1);
    expect(code).toBe(1);
  },
  PATIENCE_MS,
);

test(
  '[K30] Ctrl-C ends the selling: what was sold is handed in and held against the server, and the exit code is 130',
  async () => {
    const interrupt = new AbortController();
    const running = simulate(['--terminals', '2', '--sales', '4/s', '--seconds', '600'], interrupt.signal);
    await onceStored('SELECT total_minor AS minor FROM sales WHERE sale_id = $1');
    interrupt.abort();
    const { code, out } = await running;
    const { sales, days, interrupted } = JSON.parse(out);
    expect(interrupted).toBe(true);
    expect(sales).toMatchObject({ accepted: sales.made, missing: 0, surplus: 0 });
    expect(days[0].server.sales).toBe(sales.made);
    expect(code).toBe(130);
  },
  PATIENCE_MS,
);

test(
  '[K3] [K30] what cannot be simulated is refused before anything is made',
  async () => {
    const { code, err, folder } = await simulate(['--terminals', '2', '--named']);
    expect(code).toBe(2);
    expect(err).toContain('AMQP_URL');
    expect(existsSync(folder)).toBe(false);
  },
  PATIENCE_MS,
);
