import { freshDatabase, openFaultProxy, startPrivatePostgres } from '@tillcast/testkit';
import { expect, test } from 'vitest';
import { commit } from '../../src/catalog/commit.ts';
import { ping } from '../../src/database/ping.ts';
import { codeOf } from '../../src/database/sql-error.ts';
import { context, newLicense, open, product } from '../contract/fixture.ts';

test('a database that is not there is said to be unavailable, with the cause', async () => {
  const opening = open({ url: 'postgres://nobody@127.0.0.1:1/none' });
  await expect(opening).rejects.toMatchObject({ code: 'database_unavailable', status: 503 });
  await expect(opening).rejects.toHaveProperty('cause.code', 'ECONNREFUSED');
});

test('a database that goes away under us makes every request unavailable and closes cleanly', async () => {
  await using server = await startPrivatePostgres({ fsync: false });
  await using database = await open({ url: server.url });
  const key = await newLicense(database);
  const leaveOff = await database.listen('x', { onNotification: () => undefined, onMissed: () => undefined });
  await server.stop();
  const away = { code: 'database_unavailable' };
  await expect(commit(database, key, [product('P')], context)).rejects.toMatchObject(away);
  await expect(ping(database)).rejects.toMatchObject(away);
  await expect(database.transaction((session) => ping(session))).rejects.toMatchObject(away);
  await leaveOff();
});

// The pool hands a new connection out when it has its role, and listens to nothing that happens to it before.
test('a connection that is torn off while it gets its role makes one request unavailable, and no more', async () => {
  await using fresh = await freshDatabase();
  await using proxy = await openFaultProxy({ target: Number(new URL(fresh.url).port) });
  await using database = await open({ url: proxy.through(fresh.url) });
  await ping(database);
  // The connection of the first request goes, so that the next one needs a new one.
  proxy.reset();
  const gettingItsRole = proxy.intercept({ sees: (bytes) => bytes.includes('SET ROLE'), passes: false });
  const requests = Promise.allSettled([ping(database), ping(database), ping(database)]);
  await gettingItsRole;
  proxy.reset();
  const refusals = (await requests).flatMap((each) =>
    each.status === 'rejected' ? [codeOf(each.reason)] : [],
  );
  expect(refusals.filter((code) => code !== 'database_unavailable')).toEqual([]);
  await ping(database);
});

test('a closed database says that it is closed', async () => {
  await using server = await startPrivatePostgres({ fsync: false });
  const database = await open({ url: server.url });
  await Promise.all([database.close(), database.close()]);
  await expect(ping(database)).rejects.toMatchObject({ code: 'database_unavailable' });
});
