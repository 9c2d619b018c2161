import { freshDatabase, freshVirtualHost } from '@tillcast/testkit';
import { expect, test } from 'vitest';
import { commit } from '../../src/catalog/commit.ts';
import { context, newLicense, open, product } from '../contract/fixture.ts';
import { asOwner } from '../database/as-owner.ts';
import { firstArrivals, Listener, startRelay, upTo } from './harness.ts';
import { publishedUpTo } from './published.ts';

const END_OTHER_SESSIONS = `SELECT pg_terminate_backend(pid) FROM pg_stat_activity
  WHERE datname = current_database() AND pid <> pg_backend_pid()`;

// Every connection of the relay, the listening one too, is cut again and again while changes are committed.
test('[Y2] a relay whose database connections are lost goes on when they are back', async () => {
  await using fresh = await freshDatabase();
  await using vhost = await freshVirtualHost();
  await using relayDatabase = await open({ url: fresh.url });
  await using database = await open({ url: fresh.url });
  const key = await newLicense(database);
  await using _relay = await startRelay({ database: relayDatabase, amqpUrl: vhost.amqpUrl });
  await using listener = await Listener.attach(vhost.amqpUrl, key);
  let version = 0;
  for (let cut = 0; cut < 3; cut += 1) {
    for (let each = 0; each < 20; each += 1) {
      version += 1;
      await commit(database, key, [product('P', version)], context);
    }
    await asOwner(database, END_OTHER_SESSIONS);
    await publishedUpTo(database, key, version);
  }
  await listener.until(({ changes }) => firstArrivals(changes).get(key)?.length === version);
  expect(firstArrivals(listener.changes).get(key)).toEqual(upTo(version));
});
