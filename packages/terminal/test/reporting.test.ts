import { writeFileSync } from 'node:fs';
import { cp } from 'node:fs/promises';
import { join } from 'node:path';
import type { SignedNotice, StatusReport } from '@tillcast/protocol/http/status-api';
import { encodeBroadcast } from '@tillcast/protocol/messages/envelope';
import { SIGNATURE_HEADER } from '@tillcast/protocol/messages/signature';
import { broadcastRoutingKey } from '@tillcast/protocol/routing';
import { testMessageSigner } from '@tillcast/testkit';
import { expect, test, vi } from 'vitest';
import { product } from './model-catalog.ts';
import { Stage } from './running-till.ts';
import { tempFolder } from './temp-folder.ts';

/** A notice as the server's answer brings it. */
function notice(stage: Stage, id: string, message: string, signer = stage.catalog.signer): SignedNotice {
  const nowMs = Date.now();
  const text = encodeBroadcast({
    id,
    type: 'broadcast.system_notice',
    license_key: '*',
    timestamp: new Date(nowMs).toISOString(),
    expires_at: new Date(nowMs + 3_600_000).toISOString(),
    payload: { message, severity: 'info' },
  });
  return {
    type: 'system_notice',
    message: text,
    signature: signer.sign({ license_key: '*', at: null }, text),
  };
}

const ID = '7f1c2c7e-6f0a-4d3b-9a51-0d3b1f2a4c0';

/** The last report that was answered. */
const lastOf = (stage: Stage): StatusReport | undefined => stage.backend.reports.at(-1);

test('[N2] a notice that an answer brings is shown once, however often and whichever way it comes', async () => {
  await using stage = await Stage.set();
  const told = notice(stage, `${ID}1`, 'Cards are down');
  stage.backend.besides = { notices: [told] };
  {
    await using till = await stage.openLiveTill();
    await till.counted('broadcast');
    await till.syncNow();
    await stage.publish({
      routingKey: broadcastRoutingKey('system_notice'),
      headers: { [SIGNATURE_HEADER]: told.signature },
      body: Buffer.from(told.message),
      messageId: `${ID}1`,
      type: 'broadcast.system_notice',
      timestampMs: Date.now(),
    });
    await till.counted('message_received');
    const { notices } = await till.state();
    expect(notices.map(({ message }) => message)).toEqual(['Cards are down']);
    expect((await till.activity()).filter(({ type }) => type === 'broadcast.system_notice')).toHaveLength(1);
    expect((await till.counts())['broadcast']).toBe(1);
    await vi.waitFor(() => expect(lastOf(stage)?.notices).toEqual([`${ID}1`]), { timeout: 20_000 });
  }
  // Nor once more after a start.
  await using till = await stage.openLiveTill();
  await till.syncNow();
  expect((await till.activity()).filter(({ type }) => type === 'broadcast.system_notice')).toHaveLength(1);
});

test('[N2] [E7] a notice in an answer is believed by its signature alone', async () => {
  await using stage = await Stage.set();
  const good = notice(stage, `${ID}1`, 'Closing early');
  stage.backend.besides = {
    notices: [
      notice(stage, `${ID}2`, 'Give the money back', testMessageSigner()),
      { ...good, message: good.message.replace('early', 'never') },
      { ...good, signature: 'none' },
      { ...good, type: 'EXTRO-LIFE-ABC123.price_update' },
      good,
    ],
  };
  await using till = await stage.openLiveTill();
  await till.counted('broadcast');
  await till.counted('message_key_unknown');
  const { notices } = await till.state();
  expect(notices.map(({ message }) => message)).toEqual(['Closing early']);
  expect(await till.counts()).toMatchObject({ message_signature_invalid: 2, message_misrouted: 1 });
});

test('[N3] an older server, which knows the first fields of a report alone, is told these', async () => {
  await using stage = await Stage.set();
  stage.backend.isOlder = true;
  await using till = await stage.openLiveTill();
  const plain = { cursor: stage.catalog.cursor, unsent_sales: 0, clock: expect.any(String) };
  await vi.waitFor(() => expect(lastOf(stage)).toEqual(plain), { timeout: 20_000 });
  await stage.publish(stage.catalog.setPrice('A', 3));
  await till.holds(stage.catalog);
});

test('[J3] a report tells each change that was applied since the last one, once, and how long it took', async () => {
  await using stage = await Stage.set();
  await using till = await stage.openLiveTill();
  await till.syncNow();
  const before = stage.backend.reports.length;
  for (const price of [4, 5]) await stage.publish(stage.catalog.setPrice('A', price));
  await till.holds(stage.catalog);
  stage.catalog.commit([product('B', 7)]);
  stage.catalog.commit([product('B', 8)]);
  await till.syncNow();
  await till.holds(stage.catalog);
  await till.syncNow();
  await till.syncNow();
  await vi.waitFor(
    () => {
      const reports = stage.backend.reports.slice(before);
      const applied = reports.flatMap((report) => report.applied ?? []);
      expect(applied.map(([version]) => version)).toEqual([2, 3]);
      expect(applied.every(([, latencyMs]) => latencyMs >= 0 && latencyMs < 60_000)).toBe(true);
      const caughtUp = reports.flatMap((report) => report.caught_up ?? []);
      expect(caughtUp).toEqual([{ first: 4, last: 5, age_ms: expect.any(Number) }]);
      const kinds = reports.flatMap((report) => report.syncs ?? []).map(([kind]) => kind);
      expect(kinds.every((kind) => kind === 'delta')).toBe(true);
      expect(kinds).not.toEqual([]);
      expect(reports.at(-1)).not.toHaveProperty('applied');
    },
    { timeout: 20_000 },
  );
  expect(['live', 'catching_up']).toContain(lastOf(stage)?.state);
});

test('[N4] a till counts its starts on its data, and says which start it is', async () => {
  await using stage = await Stage.set();
  const starts: (StatusReport['instance'] | undefined)[] = [];
  for (let count = 0; count < 2; count += 1) {
    await using till = await stage.openLiveTill();
    starts.push(lastOf(stage)?.instance);
    await till.stop();
  }
  writeFileSync(join(stage.dataDir, 'instance.json'), '{"id":"no uuid"');
  await using till = await stage.openLiveTill();
  starts.push(lastOf(stage)?.instance);
  const [first, second, third] = starts;
  expect(first).toMatchObject({ starts: 1 });
  expect(second).toMatchObject({ id: first?.id, starts: 2 });
  expect(second?.run).not.toBe(first?.run);
  expect(third).toMatchObject({ starts: 1 });
  expect(third?.id).not.toBe(first?.id);
  await till.holds(stage.catalog);
});

test('[N4] a copy of a till’s data tells the same count as the till itself, of another start', async () => {
  await using stage = await Stage.set();
  await (await stage.openLiveTill()).stop();
  using elsewhere = tempFolder();
  await cp(stage.dataDir, elsewhere.path, { recursive: true });
  await using till = await stage.openLiveTill();
  const one = lastOf(stage)?.instance;
  await using copy = await stage.openTill({ TILLCAST_DATA_DIR: elsewhere.path });
  await copy.reaches({ status: 'live' });
  const other = stage.backend.reports
    .map(({ instance }) => instance)
    .find((each) => each?.run !== one?.run && each?.starts === 2);
  expect(copy.terminalId).toBe(till.terminalId);
  expect(other).toMatchObject({ id: one?.id, starts: one?.starts });
});

test('[N5] [P6] a till that is told of a copy says that it needs attention and why, goes on, and says when it is over', async () => {
  await using stage = await Stage.set();
  await using till = await stage.openLiveTill();
  stage.backend.besides = { cloned: true };
  await till.syncNow();
  await till.reaches({ status: 'needs_attention', reason: expect.stringMatching(/^Another copy/) });
  await stage.publish(stage.catalog.setPrice('A', 3));
  await till.holds(stage.catalog);
  expect((await till.state()).status).toBe('needs_attention');
  stage.backend.besides = { cloned: false };
  await till.syncNow();
  await till.reaches({ status: 'live' });
  const lines = (await till.activity()).filter(({ type }) => type === 'till_cloned');
  expect(lines.map(({ summary }) => summary)).toEqual([
    'No other copy of this till’s data is in use any more',
    'Another copy of this till’s data is in use',
  ]);
});
