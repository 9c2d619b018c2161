import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { expect, test } from 'vitest';
import { clusterTable } from '../setup/cluster-table.mjs';

test('what the cluster’s failures came to is a table, file by file; what does not apply is left empty', () => {
  const folder = mkdtempSync(join(tmpdir(), 'tillcast-table-'));
  try {
    const common = { publishingPausedMs: 940, commitsPausedMs: 120 };
    const node = { failure: 'rabbitmq1 killed', noticedMs: 1_510, tillsLost: 16, liveAgainMs: 1_240 };
    const backend = { failure: 'backend1 killed', noticedMs: null, tillsLost: 0, liveAgainMs: 0 };
    writeFileSync(join(folder, 'b.json'), JSON.stringify([{ ...backend, ...common }]));
    writeFileSync(join(folder, 'a.json'), JSON.stringify([{ ...node, ...common }]));
    expect(clusterTable(folder).split('\n')).toEqual([
      '| failure          | tills lost | noticed after | last till live after | publishing paused | commits paused |',
      '| ---------------- | ---------- | ------------- | -------------------- | ----------------- | -------------- |',
      '| rabbitmq1 killed | 16         | 1.5 s         | 1.2 s                | 0.9 s             | 0.1 s          |',
      '| backend1 killed  | 0          |               |                      | 0.9 s             | 0.1 s          |',
    ]);
    expect(clusterTable(join(folder, 'none')).split('\n')).toHaveLength(2);
  } finally {
    rmSync(folder, { recursive: true, force: true });
  }
});
