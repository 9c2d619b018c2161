import { execFile } from 'node:child_process';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { promisify } from 'node:util';
import { ADMIN_PATHS, licenseSchema } from '@tillcast/protocol/http/admin-api';
import { expect, test } from 'vitest';
import { API_KEY, startTestSystem } from '../support/system.ts';
import { becomes, shownDigest, startTill, stateOf } from '../support/tills.ts';

/*
 * 1. A real shop's catalog, imported by the command.
 * 2. Two tills of the shop, one of another license.
 * 3. A month of the shop's real price changes, by the command, as fast as they go.
 * 4. In the middle of it, one of the shop's tills is off for a while.
 */

const run = promisify(execFile);
const root = fileURLToPath(new URL('../..', import.meta.url));
const data = (file: string): string => join(root, 'demo', 'online-retail', file);

const SHOP = 'EXTRO-LIFE-ABC123';
const OTHER = 'EXTRO-LIFE-XYZ789';

test('[P1] [P2] [P3] [P4] a month of real price changes ends with equal content on both tills, and the other license untouched', async () => {
  await using system = await startTestSystem([SHOP, OTHER], 'postgresql');
  const tillcast = async (...args: readonly string[]): Promise<string> => {
    const program = join(root, 'packages', 'cli', 'bin', 'tillcast.mjs');
    const env = { ...process.env, TILLCAST_URL: system.backend.url, TILLCAST_API_KEY: API_KEY };
    const { stdout } = await run(process.execPath, [program, ...args, '--json'], { env, maxBuffer: 1e8 });
    return stdout;
  };
  await tillcast('import', data('products.csv'), '--license', SHOP);
  await using stack = new AsyncDisposableStack();
  const open = async (key: string, name: string): Promise<Awaited<ReturnType<typeof startTill>>> => {
    const till = await startTill(system, key, name);
    stack.defer(() => till.stop());
    return till;
  };
  const steady = await open(SHOP, 'steady');
  const interrupted = await open(SHOP, 'interrupted');
  const other = await open(OTHER, 'other');
  await becomes(async () => expect(await stateOf(interrupted)).toMatchObject({ status: 'live', version: 1 }));

  const month = ['--from', '2011-04-01', '--until', '2011-05-01', '--speed', 'max'];
  const replay = tillcast('replay', data('price_changes.csv.gz'), '--license', SHOP, ...month);
  await becomes(async () => expect((await stateOf(steady)).version).toBeGreaterThan(100));
  await interrupted.stop();
  await becomes(async () => expect((await stateOf(steady)).version).toBeGreaterThan(1_000));
  const returned = await open(SHOP, 'interrupted');
  await replay;

  const head = licenseSchema.parse((await system.admin(ADMIN_PATHS.license(SHOP))).body);
  expect(head.version).toBeGreaterThan(4_000);
  for (const till of [steady, returned]) {
    const { version, digest } = head;
    await becomes(async () => expect(await stateOf(till)).toMatchObject({ status: 'live', version, digest }));
    expect(await shownDigest(till)).toBe(digest);
  }
  expect(await stateOf(other)).toMatchObject({ version: 0, digest: '0000000000000000', status: 'live' });
}, 300_000);
