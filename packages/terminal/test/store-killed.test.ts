import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { createInterface } from 'node:readline';
import { fileURLToPath } from 'node:url';
import { parseLicenseKey } from '@tillcast/protocol/license-key';
import { expect, test } from 'vitest';
import { TillStore } from '../src/store/till-store.ts';
import { tempFolder } from './temp-folder.ts';

const CHILD = fileURLToPath(new URL('applying-child.ts', import.meta.url));
const ROUNDS = 8;

test('[P4] [T2] a till that is killed while it applies holds a whole version, and none that it told of is lost', async () => {
  using folder = tempFolder();
  const path = folder.file('catalog.sqlite');
  for (let round = 0; round < ROUNDS; round += 1) {
    const child = spawn(process.execPath, [CHILD, path], { stdio: ['ignore', 'pipe', 'inherit'] });
    const exited = once(child, 'exit');
    let told = 0;
    const lines = createInterface({ input: child.stdout });
    lines.on('line', (text) => {
      told = Number(text);
      // Not always at the same place within a commit.
      if (told % 10 === round % 10) setTimeout(() => child.kill('SIGKILL'), round * 0.7);
    });
    await exited;
    lines.close();
    expect(told).toBeGreaterThan(0);

    const setAside: string[] = [];
    using store = new TillStore({
      path,
      licenseKey: parseLicenseKey('EXTRO-LIFE-ABC123'),
      onSetAside: ({ reason }) => setAside.push(reason),
    });
    expect(setAside).toEqual([]);
    const version = store.cursor?.version ?? 0;
    expect(version).toBeGreaterThanOrEqual(told);
    const prices = new Set(store.bodies('product').map((body): unknown => JSON.parse(body).price));
    expect([...prices]).toEqual([version]);
    expect(store.counts.product).toBe(200);
  }
});
