import { ADMIN_PATHS } from '@tillcast/protocol/http/admin-api';
import type { RunningTerminal } from '@tillcast/terminal';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { startTestSystem, type TestSystem } from '../support/system.ts';
import { becomes, itemsOf, shownDigest, startTill, stateOf, syncNow } from '../support/tills.ts';

const A = 'EXTRO-LIFE-ABC123';
const B = 'EXTRO-LIFE-XYZ789';

describe.each(['embedded', 'postgresql'] as const)('on the %s database', (engine) => {
  const started = new AsyncDisposableStack();
  let system: TestSystem;
  let tillA: RunningTerminal;
  let tillB: RunningTerminal;

  beforeAll(async () => {
    system = started.use(await startTestSystem([A, B], engine));
    for (const key of [A, B]) {
      const products = Array.from({ length: 50 }, (_, index) => ({
        op: 'put',
        kind: 'product',
        item: { id: `P${index}`, name: `Product ${index}`, price: (100 + index) / 100, currency: 'GBP' },
      }));
      await system.commit(key, ...products);
    }
    tillA = await startTill(system, A, 'till-a');
    started.defer(() => tillA.stop());
    tillB = await startTill(system, B, 'till-b');
    started.defer(() => tillB.stop());
    for (const till of [tillA, tillB])
      await becomes(async () => expect(await stateOf(till)).toMatchObject({ status: 'live' }));
  });

  afterAll(() => started.disposeAsync());

  test('[P1] [P3] a price change shows on the tills of its license and leaves the other license as it was', async () => {
    const before = await stateOf(tillB);
    const { version } = await system.commit(A, { op: 'set_price', product_id: 'P7', price: 9.99 });
    await becomes(async () => expect(await stateOf(tillA)).toMatchObject({ version, status: 'live' }));
    const { items } = await itemsOf(tillA, 'product');
    expect(items.find(({ id }) => id === 'P7')).toMatchObject({ price: 9.99 });
    const after = await stateOf(tillB);
    expect([after.epoch, after.version, after.digest]).toEqual([before.epoch, before.version, before.digest]);
    const others = await itemsOf(tillB, 'product');
    expect(others.items.find(({ id }) => id === 'P7')).toMatchObject({ price: 1.07 });
  });

  test('[P2] [P4] after changes of every kind the till shows exactly what the digest of the backend says', async () => {
    const operations: unknown[] = Array.from({ length: 40 }, (_, index) =>
      index % 4 === 0
        ? { op: 'delete', kind: 'product', id: `P${index}` }
        : { op: 'set_price', product_id: `P${index}`, price: 5 + index },
    );
    for (const operation of operations) await system.commit(A, operation);
    await system.commit(
      A,
      { op: 'put', kind: 'table', item: { id: 'T1', name: 'Window' } },
      { op: 'delete', kind: 'product', id: 'P1' },
    );
    const head = await system.admin(ADMIN_PATHS.license(A));
    const { version, digest } = head.body as { version: number; digest: string };
    await becomes(async () =>
      expect(await stateOf(tillA)).toMatchObject({ version, digest, status: 'live' }),
    );
    expect(await shownDigest(tillA)).toBe(digest);
  });

  test('[P3] a till that was off comes back by the delta and ends with the same content', async () => {
    await tillA.stop();
    const operations = Array.from({ length: 200 }, (_, index) => ({
      op: 'put',
      kind: 'product',
      item: { id: `N${index}`, name: `New ${index}`, price: 2, currency: 'GBP' },
    }));
    for (const operation of operations.slice(0, 20)) await system.commit(A, operation);
    const { version } = await system.commit(A, ...operations.slice(20));
    tillA = await startTill(system, A, 'till-a');
    await becomes(async () => expect(await stateOf(tillA)).toMatchObject({ version, status: 'live' }));
    expect(await shownDigest(tillA)).toBe((await stateOf(tillA)).digest);
  });

  test('[P6] [S2] [R10] a suspended license is said so on its till, the other sells on, and resuming brings it back', async () => {
    await system.admin(ADMIN_PATHS.suspend(A), {});
    await becomes(async () => expect(await stateOf(tillA)).toMatchObject({ status: 'needs_attention' }));
    expect((await stateOf(tillA)).reason).toMatch(/suspended/i);
    expect(await stateOf(tillB)).toMatchObject({ status: 'live' });
    await system.admin(ADMIN_PATHS.resume(A), {});
    await becomes(async () => expect(await stateOf(tillA)).toMatchObject({ status: 'live', behind: 0 }));
  });

  test('[T6] [L3] a notice to everybody shows on every till', async () => {
    await system.admin(ADMIN_PATHS.broadcasts, {
      type: 'system_notice',
      message: 'Maintenance at 22:00',
      severity: 'warning',
    });
    for (const till of [tillA, tillB]) {
      await becomes(async () =>
        expect((await stateOf(till)).notices).toMatchObject([
          { message: 'Maintenance at 22:00', severity: 'warning' },
        ]),
      );
    }
  });

  test('[T8] "Sync now" says what came of it', async () => {
    const answer = await syncNow(tillA);
    const { version } = await stateOf(tillA);
    expect(answer).toMatchObject({ outcome: 'up_to_date', version });
  });
});
