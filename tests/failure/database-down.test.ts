import { setTimeout as pause } from 'node:timers/promises';
import { ADMIN_PATHS } from '@tillcast/protocol/http/admin-api';
import type { Interception } from '@tillcast/testkit';
import { expect, test } from 'vitest';
import { listenAs } from '../support/listener.ts';
import { eventually } from './support/bounds.ts';
import { changesOf } from './support/queries.ts';
import { setStage } from './support/stage.ts';

const SHOP = 'DATABASE-LIFE-DOWN1';

/** Where in a commit the database goes, and whether the commit stands. */
interface Moment {
  readonly what: string;
  readonly interception: () => Interception;
  readonly isCommitted: boolean;
}

/** The database is gone before the statement that has this name reaches it; what was sent before it is done. */
function before(name: string): Moment {
  const interception = { sees: (bytes: Buffer) => bytes.includes(name), passes: upTo(name) };
  return { what: `${name} not reached`, interception: () => interception, isCommitted: false };
}

/** It is gone after it has done the statement, and before it could say so. */
function done(name: string): Moment {
  const interception = { sees: (bytes: Buffer) => bytes.includes(name), passes: true };
  return { what: `${name} done`, interception: () => interception, isCommitted: false };
}

/** The same of the COMMIT, which travels with the last statement or right behind it. */
function atCommit(what: string, passes: Interception['passes'], isCommitted: boolean): Moment {
  const interception = (): Interception => {
    let writer = 0;
    return {
      sees: (bytes, line) => {
        if (bytes.includes('write_change')) writer = line;
        return line === writer && bytes.includes('COMMIT');
      },
      passes,
    };
  };
  return { what, interception, isCommitted };
}

/** As much as stands before these words: a message of which the end is missing is as one that never came. */
function upTo(words: string): (bytes: Buffer) => number {
  return (bytes) => bytes.indexOf(words);
}

const MOMENTS: readonly Moment[] = [
  before('read_commit_base'),
  done('read_commit_base'),
  before('write_change'),
  atCommit('write_change done, COMMIT not reached', upTo('COMMIT'), false),
  atCommit('COMMIT done', true, true),
];

test('[P3] [P4] [C1] [S8] with the database gone at each statement of a commit, no message lacks its row and no row its message; the answer is 503 with Retry-After', async () => {
  await using stage = await setStage({ licenses: [SHOP] });
  await eventually(async () => expect((await stage.head(SHOP)).published_version).toBe(1));
  await using listener = await listenAs(SHOP, stage.amqpUrl);
  const till = await stage.openTill(SHOP, 'till');
  await eventually(async () => till.isLiveAt(await stage.head(SHOP)));
  const { backendToDatabase } = stage;
  let cents = 200;
  for (const { what, interception, isCommitted } of MOMENTS) {
    cents += 1;
    const countedBefore = (await changesOf(stage.databaseUrl, SHOP)).length;
    const gone = backendToDatabase.intercept(interception());
    const operations = [{ op: 'set_price', product_id: 'P0', price: cents / 100 }];
    const answering = stage.admin(ADMIN_PATHS.changes(SHOP), { operations });
    const first = await Promise.race([gone, answering]);
    expect(first, `${what}: answered before it was seen`).toBe(undefined);
    // What has passed is done by then.
    await pause(100);
    await eventually(async () => {
      const counted = (await changesOf(stage.databaseUrl, SHOP)).length;
      expect(counted, what).toBe(countedBefore + (isCommitted ? 1 : 0));
    });
    backendToDatabase.refuse();
    backendToDatabase.reset();
    const answers = [await answering, await stage.admin(ADMIN_PATHS.changes(SHOP), { operations })];
    for (const answer of answers) {
      const retryAfter = answer.headers.get('retry-after');
      expect([answer.status, retryAfter], what).toEqual([503, expect.stringMatching(/^\d+$/)]);
      expect(await answer.json(), what).toMatchObject({ code: 'database_unavailable' });
    }
    await backendToDatabase.accept();
    // Whatever became of the one that was under way, the next one is the next version.
    await eventually(async () => {
      cents += 1;
      await stage.commit(SHOP, { op: 'set_price', product_id: 'P0', price: cents / 100 });
    });
    const countedAfter = (await changesOf(stage.databaseUrl, SHOP)).length;
    expect(countedAfter, what).toBe(countedBefore + (isCommitted ? 2 : 1));
  }
  const head = await stage.head(SHOP);
  await eventually(() => till.isLiveAt(head));
  const logged = await changesOf(stage.databaseUrl, SHOP);
  expect(logged.map(({ version }) => version)).toEqual(logged.map((_, index) => index + 1));
  expect(head.version).toBe(logged.length);
  const ids = new Set(logged.slice(1).map(({ id }) => id));
  await eventually(() => expect(new Set(listener.messages().map(({ id }) => id))).toEqual(ids));
}, 180_000);
