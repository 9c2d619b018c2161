import { expect, test } from 'vitest';
import { askForServer, openSharedServers } from '../src/shared-servers.ts';

test('a shared server is started when first asked for, once, and stopped at the end', async () => {
  const events: string[] = [];
  const servers = await openSharedServers({
    wanted: {
      start: () => {
        events.push('wanted started');
        const stop = (): Promise<void> => Promise.resolve(void events.push('wanted stopped'));
        return Promise.resolve({ address: { port: 1 }, stop });
      },
    },
    unwanted: {
      start: () => Promise.reject(new Error('nobody asked')),
    },
  });
  const answers = await Promise.all([1, 2].map(() => askForServer(servers.url, 'wanted')));
  expect(answers).toEqual([{ port: 1 }, { port: 1 }]);
  await servers.stop();
  expect(events).toEqual(['wanted started', 'wanted stopped']);
});

test('who asks for a server that does not start is told why', async () => {
  const servers = await openSharedServers({
    broken: { start: () => Promise.reject(new Error('the disk is full')) },
  });
  await expect(askForServer(servers.url, 'broken')).rejects.toThrow('the disk is full');
  await expect(askForServer(servers.url, 'unknown')).rejects.toThrow('no shared server "unknown"');
  await servers.stop();
});
