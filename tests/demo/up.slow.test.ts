import { existsSync } from 'node:fs';
import { mkdtemp, readdir, readFile, rm, writeFile } from 'node:fs/promises';
import { createServer } from 'node:net';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import type { ItemsAnswer, TerminalState } from '@tillcast/protocol/http/terminal-api';
import { isFree } from '@tillcast/testkit';
import { expect, onTestFinished, test } from 'vitest';
import { runTillcast } from '../../packages/cli/test/child-cli.ts';
import { type Announcement, type DemoProcess, demoPorts, startDemo } from './demo-process.ts';

const RETAIL = 'EXTRO-LIFE-ABC123';

async function folder(): Promise<string> {
  const path = await mkdtemp(join(tmpdir(), 'tillcast-demo-'));
  onTestFinished(() => rm(path, { recursive: true, force: true }));
  return path;
}

/** Stops a demo that a failed test left, and waits for its end. */
function endAtLast(demo: DemoProcess): DemoProcess {
  onTestFinished(async () => {
    demo.signal('SIGTERM');
    await demo.exited;
  });
  return demo;
}

/** Waits for a till to be live at a version, and returns what it then says of itself. */
async function liveAt(url: string, version: number): Promise<TerminalState> {
  for (;;) {
    const state: TerminalState = JSON.parse(await (await fetch(`${url}/api/state`)).text());
    if (state.status === 'live' && state.version === version) return state;
    await sleep(100);
  }
}

async function priceOn(url: string, id: string): Promise<unknown> {
  const { items }: ItemsAnswer = JSON.parse(await (await fetch(`${url}/api/items/product`)).text());
  return items.find((item) => item.id === id)?.['price'];
}

/** Running processes that were started for a data directory: its path is in their words or their environment. */
async function processesOf(dataDir: string): Promise<readonly string[]> {
  const found: string[] = [];
  for (const pid of (await readdir('/proc')).filter(
    (entry) => /^\d+$/.test(entry) && Number(entry) !== process.pid,
  )) {
    try {
      const words = (await readFile(`/proc/${pid}/cmdline`, 'utf8')).replaceAll('\0', ' ').trim();
      const environment = await readFile(`/proc/${pid}/environ`, 'latin1');
      if (words !== '' && `${words}${environment}`.includes(dataDir)) found.push(`${pid} ${words}`);
    } catch {
      // It ended while we looked, or it is another user's.
    }
  }
  return found;
}

function inDemo(running: Announcement, ...words: string[]): ReturnType<typeof runTillcast> {
  return runTillcast(words, { cwd: running.data_dir, env: { TILLCAST_DATA_DIR: running.data_dir } });
}

test('[K4] the demo starts, changes a price on one till alone, stops on Ctrl-C without a trace, and comes back as it was', {
  timeout: 240_000,
}, async () => {
  const dataDir = await folder();
  const ports = await demoPorts();

  // 1. A first start imports the catalogs: one change each, on both tills.
  const first = endAtLast(startDemo(dataDir, ports));
  const running = await first.running;
  const [retail, cafe] = running.terminals;
  await liveAt(retail?.url ?? '', 1);
  const before = await liveAt(cafe?.url ?? '', 1);

  // 2. A second start in the same place is refused, and hurts nothing.
  const second = await startDemo(dataDir, await demoPorts()).exited;
  expect(second).toMatchObject({ code: 5, err: expect.stringContaining(`pid ${first.pid}`) });
  expect(await startDemo(dataDir, await demoPorts(), '--fresh').exited).toMatchObject({ code: 5 });

  // 3. A price reaches the one till, and nothing the other.
  const words = ['publish', 'price', '--license', RETAIL, '--product', '85123A', '--price', '2.95'];
  expect(await inDemo(running, ...words)).toMatchObject({ code: 0, err: '' });
  await liveAt(retail?.url ?? '', 2);
  expect(await priceOn(retail?.url ?? '', '85123A')).toBe(2.95);
  expect(await liveAt(cafe?.url ?? '', 1)).toMatchObject({ digest: before.digest });

  // 4. Ctrl-C stops all of it.
  first.signal('SIGINT');
  expect(await first.exited).toMatchObject({ code: 0 });
  expect(await processesOf(dataDir)).toEqual([]);
  for (const port of [ports.backend, ...ports.tills]) expect(await isFree(port)).toBe(true);

  // 5. What was changed is there again; the catalogs are not imported anew.
  const again = endAtLast(startDemo(dataDir, ports));
  await liveAt((await again.running).terminals[0]?.url ?? '', 2);
  again.signal('SIGTERM');
  expect(await again.exited).toMatchObject({ code: 0 });

  // 6. --fresh begins anew, and leaves alone what is not Tillcast's.
  await writeFile(join(dataDir, 'notes.txt'), 'mine');
  const fresh = endAtLast(startDemo(dataDir, ports, '--fresh'));
  await liveAt((await fresh.running).terminals[0]?.url ?? '', 1);
  expect(existsSync(join(dataDir, 'notes.txt'))).toBe(true);
  fresh.signal('SIGINT');
  expect(await fresh.exited).toMatchObject({ code: 0 });
});

test('[K4] a busy port is named, with who has it and the flag to take another, and nothing is started', async () => {
  const dataDir = await folder();
  const ports = await demoPorts();
  const squatter = createServer();
  await new Promise<void>((resolve) => squatter.listen(ports.tills[1], '127.0.0.1', resolve));
  onTestFinished(() => void squatter.close());
  const { code, err } = await startDemo(dataDir, ports).exited;
  expect(code).toBe(5);
  expect(err).toContain(`Port ${ports.tills[1]} for the till of Café Nord is in use`);
  expect(err).toContain(`(pid ${process.pid})`);
  expect(err).toContain('--till-ports');
  expect(await readdir(dataDir)).toEqual(['up.lock']);
});

test('[K4] a part that dies is told with the end of its log, and everything stops with exit code 1', {
  timeout: 240_000,
}, async () => {
  const dataDir = await folder();
  const demo = endAtLast(startDemo(dataDir, await demoPorts()));
  await demo.running;
  const server = (await processesOf(dataDir)).find((each) => each.endsWith(' server'));
  process.kill(Number(server?.split(' ')[0]), 'SIGKILL');
  const { code, err } = await demo.exited;
  expect(code).toBe(1);
  expect(err).toContain('the backend ended by itself (SIGKILL)');
  expect(err).toContain('tillcast-backend');
  expect(await processesOf(dataDir)).toEqual([]);
});

test('[K4] Ctrl-C while it starts leaves nothing running, and the next start works', {
  timeout: 240_000,
}, async () => {
  const dataDir = await folder();
  const ports = await demoPorts();
  const hasty = endAtLast(startDemo(dataDir, ports));
  while (!existsSync(join(dataDir, 'rabbitmq', 'processes.json'))) await sleep(20);
  hasty.signal('SIGINT');
  expect(await hasty.exited).toMatchObject({ code: 0 });
  expect(await processesOf(dataDir)).toEqual([]);
  const patient = endAtLast(startDemo(dataDir, ports));
  await liveAt((await patient.running).terminals[1]?.url ?? '', 1);
  patient.signal('SIGINT');
  expect(await patient.exited).toMatchObject({ code: 0 });
});
