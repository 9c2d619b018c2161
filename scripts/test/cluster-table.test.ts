import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { expect, test } from 'vitest';
import { clusterTable } from '../setup/cluster-table.mjs';

test('what the cluster’s failures came to is a table, file by file; what does not apply is left empty', () => {
  const folder = mkdtempSync(join(tmpdir(), 'tillcast-table-'));
  try {
    const common = { publishingPausedMs: 940, commitsPausedMs: 120 };
    const node = {
      failure: 'rabbitmq1 killed',
      noticedMs: 1_510,
      tillsDetached: 16,
      attachedAgainMs: 1_240,
      tillsNotLive: 17,
      liveAgainMs: 1_980,
    };
    const none = { tillsDetached: 0, attachedAgainMs: 0, tillsNotLive: 0, liveAgainMs: 0 };
    const backend = { failure: 'backend1 killed', noticedMs: null, ...none };
    writeFileSync(join(folder, 'b.json'), JSON.stringify([{ ...backend, ...common }]));
    writeFileSync(join(folder, 'a.json'), JSON.stringify([{ ...node, ...common }]));
    const cells = clusterTable(folder)
      .split('\n')
      .map((line) =>
        line
          .split('|')
          .slice(1, -1)
          .map((cell) => cell.trim()),
      );
    expect(cells[0]?.[0]).toBe('failure');
    expect(cells.slice(2)).toEqual([
      ['rabbitmq1 killed', '1.5 s', '16', '1.2 s', '17', '2.0 s', '0.9 s', '0.1 s'],
      ['backend1 killed', '', '0', '', '0', '', '0.9 s', '0.1 s'],
    ]);
    expect(clusterTable(join(folder, 'none')).split('\n')).toHaveLength(2);
  } finally {
    rmSync(folder, { recursive: true, force: true });
  }
});
