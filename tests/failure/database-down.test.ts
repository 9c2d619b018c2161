import { setTimeout as pause } from 'node:timers/promises';
import { ADMIN_PATHS } from '@tillcast/protocol/http/admin-api';
import { expect, test } from 'vitest';
import { listenAs } from '../support/listener.ts';
import { eventually } from './support/bounds.ts';
import { changesOf } from './support/queries.ts';
import { setStage } from './support/stage.ts';

const SHOP = 'DATABASE-LIFE-DOWN1';

/** Each thing that a commit asks of the database, by words that stand in it. */
const STATEMENTS = ['BEGIN; SELECT set_config', 'read_commit_base', 'write_change', 'COMMIT'];

// For each statement of a commit twice: the database is gone before the statement reaches it, and after it has done it
// and before it could say so.
test('[P3] [P4] [C1] [S8] with the database gone at each statement of a commit, no message lacks its row and no row its message; the answer is 503 with Retry-After', async () => {
  await using stage = await setStage({ licenses: [SHOP] });
  await eventually(async () => expect((await stage.head(SHOP)).published_version).toBe(1));
  await using listener = await listenAs(SHOP, stage.amqpUrl);
  const till = await stage.openTill(SHOP, 'till');
  await eventually(async () => till.isLiveAt(await stage.head(SHOP)));
  const { backendToDatabase } = stage;
  const outcomes: string[] = [];
  let cents = 200;
  for (const statement of STATEMENTS) {
    for (const passes of [false, true]) {
      cents += 1;
      const before = (await changesOf(stage.databaseUrl, SHOP)).length;
      const gone = backendToDatabase.intercept({
        sees: (bytes) => bytes.includes(statement),
        passes,
      });
      const operations = [{ op: 'set_price', product_id: 'P0', price: cents / 100 }];
      const answering = stage.admin(ADMIN_PATHS.changes(SHOP), { operations });
      await gone;
      // What has passed is done by then.
      await pause(100);
      backendToDatabase.refuse();
      backendToDatabase.reset();
      const answer = await answering;
      const refused = await stage.admin(ADMIN_PATHS.changes(SHOP), { operations });
      expect([refused.status, refused.headers.get('retry-after')]).toEqual([
        503,
        expect.stringMatching(/^\d+$/),
      ]);
      expect(await refused.json()).toMatchObject({ code: 'database_unavailable' });
      await backendToDatabase.accept();
      const after = (await changesOf(stage.databaseUrl, SHOP)).length;
      outcomes.push(
        `${statement} ${passes ? 'done' : 'not reached'}: ${answer.status}, ${after - before} committed`,
      );
      // Whatever became of the one that was under way, the next one is the next version.
      await eventually(async () => {
        cents += 1;
        await stage.commit(SHOP, { op: 'set_price', product_id: 'P0', price: cents / 100 });
      });
    }
  }
  console.log(outcomes.join('\n'));
  const head = await stage.head(SHOP);
  await eventually(() => till.isLiveAt(head));
  const logged = await changesOf(stage.databaseUrl, SHOP);
  expect(logged.map(({ version }) => version)).toEqual(logged.map((_, index) => index + 1));
  expect(head.version).toBe(logged.length);
  const ids = new Set(logged.slice(1).map(({ id }) => id));
  await eventually(() => expect(new Set(listener.messages().map(({ id }) => id))).toEqual(ids));
}, 180_000);
