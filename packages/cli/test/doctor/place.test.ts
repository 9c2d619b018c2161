import { mkdirSync, mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { expect, onTestFinished, test } from 'vitest';
import type { CliContext } from '../../src/context.ts';
import { findPlace } from '../../src/doctor/place.ts';
import { createStyles } from '../../src/output/styles.ts';

/** A folder with these files. */
function machine(...files: readonly string[]): string {
  const folder = mkdtempSync(join(tmpdir(), 'tillcast-place-'));
  onTestFinished(() => rmSync(folder, { recursive: true, force: true }));
  for (const file of files) {
    mkdirSync(join(folder, file, '..'), { recursive: true });
    writeFileSync(join(folder, file), 'x=1\n');
  }
  return folder;
}

async function placeIn(
  cwd: string,
  env: CliContext['env'] = {},
  given: { readonly envFile?: string; readonly dataDir?: string } = {},
): Promise<{ readonly backend: string | null; readonly till: string | null }> {
  const output = { write: () => undefined, isTTY: false, columns: 100 };
  const styles = createStyles(false);
  const streams = { out: output, err: output, outStyles: styles, errStyles: styles };
  const context: CliContext = { env, cwd, ...streams, json: false, url: undefined };
  const { envFile, dataDir } = given;
  const { backendDir, tillDir } = await findPlace(context, { envFile, dataDir });
  const relative = (path: string | null): string | null => path?.replace(`${cwd}/`, '') ?? null;
  return { backend: relative(backendDir), till: relative(tillDir) };
}

test('[K20] a machine is a backend’s or a till’s by what lies in its folders', async () => {
  expect(await placeIn(machine())).toEqual({ backend: null, till: null });
  const backends = machine('.tillcast/admin-api-key');
  expect(await placeIn(backends)).toEqual({ backend: '.tillcast', till: null });
  const tills = machine('.tillcast/terminal/identity.json');
  expect(await placeIn(tills)).toEqual({ backend: null, till: '.tillcast/terminal' });
  expect(await placeIn(machine('here/catalog.sqlite'), { TILLCAST_DATA_DIR: 'here' })).toEqual({
    backend: null,
    till: 'here',
  });
  const both = machine('.tillcast/secret-key', '.tillcast/terminal/sales.sqlite');
  expect(await placeIn(both)).toEqual({ backend: '.tillcast', till: '.tillcast/terminal' });
});

test('[K20] and by its variables, of which a backend’s count more', async () => {
  const here = machine();
  const till = { SYNC_API_URL: 'https://pos.example.com' };
  const backend = { DATABASE_URL: 'postgresql://localhost/tillcast' };
  expect(await placeIn(here, till)).toEqual({ backend: null, till: '.tillcast/terminal' });
  expect(await placeIn(here, backend)).toEqual({ backend: '.tillcast', till: null });
  expect(await placeIn(here, { ...till, ...backend })).toEqual({ backend: '.tillcast', till: null });
  expect(await placeIn(here, backend, { dataDir: 'other' })).toEqual({ backend: '.tillcast', till: 'other' });
});

test('[K20] variables of the service come from its file', async () => {
  const here = machine();
  writeFileSync(join(here, 'backend.env'), '# of systemd\nTILLCAST_SECRET_KEY=x\n');
  expect(await placeIn(here, {}, { envFile: 'backend.env' })).toEqual({ backend: '.tillcast', till: null });
});
