import { cp } from 'node:fs/promises';
import { ADMIN_PATHS, auditPageSchema } from '@tillcast/protocol/http/admin-api';
import {
  type ChangeDelivery,
  changeDeliverySchema,
  FLEET_PATHS,
  type FleetStatus,
  fleetStatusSchema,
} from '@tillcast/protocol/http/fleet-api';
import { expect, test } from 'vitest';
import { startTestSystem, type TestSystem } from '../support/system.ts';
import { becomes, startTill, stateOf, syncNow } from '../support/tills.ts';

const SHOP = 'EXTRO-LIFE-ABC123';
const OTHER = 'EXTRO-LIFE-XYZ789';
const PRODUCT = { op: 'put', kind: 'product', item: { id: 'P1', name: 'Tea', price: 2, currency: 'GBP' } };

async function fleetOf(system: TestSystem, key: string): Promise<FleetStatus> {
  return fleetStatusSchema.parse((await system.admin(`${FLEET_PATHS.status}?license=${key}`)).body);
}

async function deliveryOf(system: TestSystem, key: string, version: number): Promise<ChangeDelivery> {
  return changeDeliverySchema.parse((await system.admin(FLEET_PATHS.change(key, version))).body);
}

test('[N1] [N2] a till that was off when a notice was sent shows it when it comes, once, and others do not show it twice', async () => {
  await using system = await startTestSystem([SHOP]);
  await using stack = new AsyncDisposableStack();
  const steady = await startTill(system, SHOP, 'steady');
  stack.defer(() => steady.stop());
  await becomes(async () => expect(await stateOf(steady)).toMatchObject({ status: 'live' }));
  const notice = {
    type: 'system_notice',
    message: 'Cards are down',
    severity: 'warning',
    expires_in_s: 3_600,
  };
  expect((await system.admin(ADMIN_PATHS.broadcasts, notice)).status).toBe(202);
  await becomes(async () => expect((await stateOf(steady)).notices).toHaveLength(1));

  for (let start = 0; start < 2; start += 1) {
    const late = await startTill(system, SHOP, 'late');
    try {
      await becomes(async () => {
        const { notices } = await stateOf(late);
        expect(notices).toEqual([
          expect.objectContaining({ message: 'Cards are down', severity: 'warning' }),
        ]);
      });
      await syncNow(late);
      const answer = await fetch(`${late.url}/api/activity`);
      const { activity } = (await answer.json()) as { activity: { type: string }[] };
      expect(activity.filter(({ type }) => type === 'broadcast.system_notice')).toHaveLength(1);
    } finally {
      await late.stop();
    }
  }
  expect((await stateOf(steady)).notices).toHaveLength(1);
});

test('[J3] the operator sees which tills have a change and how long it took, also of a till that was off', async () => {
  await using system = await startTestSystem([SHOP, OTHER], 'postgresql');
  await using stack = new AsyncDisposableStack();
  const open = async (key: string, name: string): Promise<Awaited<ReturnType<typeof startTill>>> => {
    const till = await startTill(system, key, name);
    stack.defer(() => till.stop());
    return till;
  };
  await system.commit(SHOP, PRODUCT);
  const steady = await open(SHOP, 'steady');
  const interrupted = await open(SHOP, 'interrupted');
  await open(OTHER, 'other');
  for (const till of [steady, interrupted]) {
    await becomes(async () => expect(await stateOf(till)).toMatchObject({ status: 'live', version: 1 }));
  }
  await becomes(async () => expect(await fleetOf(system, SHOP)).toMatchObject({ terminals: 2, current: 2 }));
  await interrupted.stop();
  await system.commit(SHOP, { op: 'set_price', product_id: 'P1', price: 3 });
  await becomes(async () => expect((await stateOf(steady)).version).toBe(2));
  await syncNow(steady);
  await becomes(async () =>
    expect(await deliveryOf(system, SHOP, 2)).toMatchObject({
      type: 'price_update',
      published: true,
      terminals: 2,
      have_it: 1,
      pending: [{ terminal_id: interrupted.terminalId, version: 1, behind: 1 }],
      delivery: { applied: 1 },
    }),
  );
  const { delivery: before } = await deliveryOf(system, SHOP, 2);
  const returned = await open(SHOP, 'interrupted');
  await becomes(async () =>
    expect(await deliveryOf(system, SHOP, 2)).toMatchObject({
      have_it: 2,
      pending: [],
      delivery: { applied: 2 },
    }),
  );
  // The one that was off is the last, by the time from the commit.
  const { delivery: after } = await deliveryOf(system, SHOP, 2);
  expect(after?.last_ms).toBeGreaterThan(before?.last_ms ?? Number.POSITIVE_INFINITY);
  expect(await stateOf(returned)).toMatchObject({ version: 2 });
  expect(await fleetOf(system, OTHER)).toMatchObject({ terminals: 1, current: 1, delivery: null });
  const metrics = await (await fetch(`${system.backend.url}/metrics`)).text();
  expect(metrics).toMatch(/tillcast_delivery_seconds_count\{way="message"\} 1/);
  expect(metrics).toMatch(/tillcast_delivery_seconds_count\{way="sync"\} 1/);
});

test('[N4] [N5] [P6] a till that is copied while it is off is noticed when both run, and both say so', async () => {
  await using system = await startTestSystem([SHOP]);
  await using stack = new AsyncDisposableStack();
  await (await startTill(system, SHOP, 'till')).stop();
  await cp(system.folder('till'), system.folder('copy'), { recursive: true });
  const tills = [await startTill(system, SHOP, 'till'), await startTill(system, SHOP, 'copy')];
  for (const till of tills) stack.defer(() => till.stop());
  expect(tills[0]?.terminalId).toBe(tills[1]?.terminalId);
  for (const till of tills) {
    await becomes(async () => {
      await syncNow(till);
      expect(await stateOf(till)).toMatchObject({
        status: 'needs_attention',
        reason: expect.stringMatching(/^Another copy/),
      });
    });
  }
  const { entries } = auditPageSchema.parse((await system.admin(ADMIN_PATHS.audit)).body);
  expect(entries.filter(({ act }) => act === 'terminal.cloned')).toHaveLength(1);
  expect(await fleetOf(system, SHOP)).toMatchObject({ terminals: 1, cloned: 1 });
});
