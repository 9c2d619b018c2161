import { existsSync } from 'node:fs';
import { mkdir, mkdtemp, readFile, rm, writeFile } from 'node:fs/promises';
import { cpus, tmpdir } from 'node:os';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { parseArgs } from 'node:util';
import { silentLogger, startPrivateNode } from '@tillcast/broker';
import { startPrivatePostgres } from '@tillcast/testkit';
import { b1 } from './b1-change-to-till.ts';
import { b2 } from './b2-relay.ts';
import { b4 } from './b4-fan-out.ts';
import { b5 } from './b5-attach.ts';
import { b6 } from './b6-storm.ts';
import { b7 } from './b7-memory.ts';
import { b8 } from './b8-delta.ts';
import { b9 } from './b9-first-sync.ts';
import { b10 } from './b10-import.ts';
import { b11 } from './b11-apply.ts';
import { b12 } from './b12-page.ts';
import { b13 } from './b13-backlog.ts';
import { b14 } from './b14-sales.ts';
import { b16 } from './b16-token-check.ts';
import { b17 } from './b17-flood.ts';
import { b18 } from './b18-beside-import.ts';
import type { BenchContext } from './lib/benchmark.ts';
import type { Result } from './lib/measure.ts';
import { tableOf } from './lib/table.ts';

const BENCHMARKS = [b1, b2, b4, b5, b6, b7, b8, b9, b10, b11, b12, b13, b14, b16, b17, b18];
const RESULTS = join(fileURLToPath(new URL('.', import.meta.url)), 'results');

/** `npm run bench -- [--quick] [B1 B2 …]`: real servers of its own, a table, and a JSON line a comparison. */
const { values, positionals } = parseArgs({
  options: { quick: { type: 'boolean', default: false } },
  allowPositionals: true,
});
const unknown = positionals.filter((id) => !BENCHMARKS.some((each) => each.id === id));
if (unknown.length > 0) {
  process.stderr.write(
    `No benchmark is called ${unknown.join(', ')}; there are ${BENCHMARKS.map(({ id }) => id).join(', ')}.\n`,
  );
  process.exit(2);
}
const chosen = BENCHMARKS.filter(({ id }) => positionals.length === 0 || positionals.includes(id));

const folder = await mkdtemp(join(tmpdir(), 'tillcast-bench-'));
const log = (line: string): void => void process.stdout.write(`${line}\n`);
try {
  await using postgres = await startPrivatePostgres();
  await using node = await startPrivateNode({ dataDir: join(folder, 'rabbitmq'), logger: silentLogger });
  let folders = 0;
  const context: BenchContext = {
    postgres,
    amqpUrl: node.amqpUrl,
    quick: values.quick,
    folder: async () => {
      const path = join(folder, `bench-${folders++}`);
      await mkdir(path);
      return path;
    },
    log,
  };
  const results: Result[] = [];
  for (const benchmark of chosen) {
    log(`${benchmark.id} ${benchmark.title} …`);
    const startedAt = performance.now();
    const rows = await benchmark.run(context);
    const tookS = Math.round((performance.now() - startedAt) / 1_000);
    results.push(...rows);
    log(tableOf(rows));
    log(`${benchmark.id} took ${tookS} s`);
  }
  await mkdir(RESULTS, { recursive: true });
  const machine = {
    node: process.version,
    cores: cpus().length,
    quick: values.quick,
    at: new Date().toISOString(),
  };
  const lines = results.map((result) => JSON.stringify({ ...result, ...machine }));
  const latest = join(RESULTS, 'latest.jsonl');
  const kept = existsSync(latest) ? linesOfOthers(await readFile(latest, 'utf8')) : [];
  await writeFile(latest, `${[...kept, ...lines].join('\n')}\n`);
} finally {
  await rm(folder, { recursive: true, force: true });
}

/** What earlier runs said of benchmarks that this one left out. */
function linesOfOthers(text: string): readonly string[] {
  const ran = new Set(chosen.map(({ id }) => `{"id":"${id}",`));
  return text.split('\n').filter((line) => line !== '' && ![...ran].some((start) => line.startsWith(start)));
}
