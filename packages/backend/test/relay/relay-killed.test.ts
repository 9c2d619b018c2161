import { type ChildProcess, fork } from 'node:child_process';
import { once } from 'node:events';
import { freshDatabase, freshVirtualHost } from '@tillcast/testkit';
import { expect, test } from 'vitest';
import { commit } from '../../src/catalog/commit.ts';
import { context, newLicense, open, product } from '../contract/fixture.ts';
import { firstArrivals, Listener, startRelay, upTo } from './harness.ts';
import { publishedUpTo } from './published.ts';

async function startRelayProcess(databaseUrl: string, amqpUrl: string): Promise<ChildProcess> {
  const child = fork(new URL('./relay-process.ts', import.meta.url), [databaseUrl, amqpUrl], {
    execArgv: [],
  });
  const [first]: unknown[] = await Promise.race([once(child, 'message'), once(child, 'exit')]);
  expect(first).toBe('started');
  return child;
}

// 1. A relay alone publishes for all licenses. 2. It is killed while changes are being committed: some of its
// messages are confirmed and not marked, others never left. 3. Another relay takes over
// when the leases end. 4. Every change arrives, each license's in order.
test('[Y3] a relay that is killed is taken over from, and nothing is lost or out of order', async () => {
  await using fresh = await freshDatabase();
  await using vhost = await freshVirtualHost();
  await using database = await open({ url: fresh.url });
  const keys = await Promise.all(Array.from({ length: 12 }, () => newLicense(database)));
  const killed = await startRelayProcess(fresh.url, vhost.amqpUrl);
  await using listener = await Listener.attach(vhost.amqpUrl, '#');
  const rounds = 60;
  for (let round = 1; round <= rounds; round += 1) {
    await Promise.all(keys.map((key) => commit(database, key, [product('P', round)], context)));
    if (round === 30) {
      await listener.until(({ changes }) => changes.length > 50);
      killed.kill('SIGKILL');
      await once(killed, 'exit');
    }
  }
  await using _successor = await startRelay({ database, amqpUrl: vhost.amqpUrl });
  await Promise.all(keys.map((key) => publishedUpTo(database, key, rounds)));
  await listener.until(({ changes }) => new Set(changes.map(({ id }) => id)).size === keys.length * rounds);
  for (const [, versions] of firstArrivals(listener.changes)) expect(versions).toEqual(upTo(rounds));
});
