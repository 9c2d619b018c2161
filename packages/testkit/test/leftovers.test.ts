import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { expect, test } from 'vitest';
import { findLeftovers, RUN_MARK } from '../src/leftovers.ts';

test.runIf(process.platform === 'linux')(
  'a process that carries the mark of a run is found until it ends',
  async () => {
    const mark = 'leftovers-test';
    const child = spawn('sleep', ['60'], { env: { [RUN_MARK]: mark, PATH: '/usr/bin:/bin' } });
    await once(child, 'spawn');
    try {
      await expect
        .poll(() => findLeftovers(mark, () => false))
        .toEqual([{ pid: child.pid, command: 'sleep 60' }]);
      expect(findLeftovers(mark, ({ command }) => command.startsWith('sleep'))).toEqual([]);
      expect(findLeftovers('another', () => false)).toEqual([]);
    } finally {
      child.kill();
      await once(child, 'close');
    }
    expect(findLeftovers(mark, () => false)).toEqual([]);
  },
);
