import { writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { SYNC_PATHS } from '@tillcast/protocol/http/sync-api';
import { encodeBroadcast } from '@tillcast/protocol/messages/envelope';
import { SIGNATURE_HEADER } from '@tillcast/protocol/messages/signature';
import { broadcastRoutingKey, routingKeyOf } from '@tillcast/protocol/routing';
import { freePort } from '@tillcast/testkit';
import { expect, test } from 'vitest';
import { bigCatalog, damageTail } from './damage.ts';
import { ModelCatalog, product } from './model-catalog.ts';
import { OTHER_LICENSE, Stage } from './running-till.ts';
import { ScriptedBackend } from './scripted-backend.ts';

test('[R3] a price change reaches the till, with its old and its new price in the log', async () => {
  await using stage = await Stage.set();
  await using till = await stage.openLiveTill();
  await stage.publish(stage.catalog.setPrice('A', 2.5));
  await till.holds(stage.catalog);
  await till.reaches({ status: 'live', version: 2, behind: 0, reason: '' });
  const [line] = await till.activity();
  expect(line).toMatchObject({
    type: 'price_update',
    version: 2,
    summary: 'Product A 1.00 → 2.50 GBP',
    item_id: 'A',
    old_price: 1,
    new_price: 2.5,
    currency: 'GBP',
  });
  expect(stage.backend.countAsked(SYNC_PATHS.fullData)).toBe(1);
});

test('[P3] [R4] a gap is filled by the delta, in all its pages', async () => {
  await using stage = await Stage.set();
  await using till = await stage.openLiveTill();
  stage.backend.pageSize = 2;
  for (let index = 0; index < 5; index += 1) stage.catalog.putProduct(`N${index}`, index + 1);
  stage.catalog.commit([{ kind: 'product', id: 'B', body: null }]);
  await stage.publish(stage.catalog.setPrice('A', 9));
  await till.holds(stage.catalog);
  const [line, ...before] = await till.activity();
  expect(line).toMatchObject({ type: 'delta', summary: '7 changes applied (v1 → v8)' });
  expect(before[0]).toMatchObject({ type: 'delta', summary: 'Product A 1.00 → 9.00 GBP' });
  expect(await till.counts()).toMatchObject({ gap: 1 });
  expect(stage.backend.countAsked(SYNC_PATHS.fullData)).toBe(1);
});

test('[R3] messages that come twice, late or out of order change nothing twice', async () => {
  await using stage = await Stage.set();
  await using till = await stage.openLiveTill();
  const [first, second, third] = [4, 5, 6].map((price) => stage.catalog.setPrice('A', price));
  if (first === undefined || second === undefined || third === undefined) throw new Error('Three were made.');
  for (const message of [first, third, second, first, third]) await stage.publish(message);
  await till.holds(stage.catalog);
  await till.counted('stale', 2);
  expect((await till.counts())['digest_mismatch']).toBeUndefined();
});

test('[R6] [S7] a history that cannot be continued is replaced by the snapshot', async () => {
  await using stage = await Stage.set();
  await using till = await stage.openLiveTill();
  stage.catalog.epoch = 'epoch00002';
  stage.catalog.commit([product('D', 4), { kind: 'product', id: 'A', body: null }]);
  await till.syncNow();
  await till.holds(stage.catalog);
  await till.reaches({ status: 'live', epoch: 'epoch00002' });
  expect(stage.backend.countAsked(SYNC_PATHS.fullData)).toBe(2);
});

test('[P4] [R5] content that differs is noticed before it is committed, and repaired', async () => {
  await using stage = await Stage.set();
  await using till = await stage.openLiveTill();
  stage.catalog.commit([product('A', 7)]);
  // The message tells of another price than the one that was committed under its version.
  await stage.publish(stage.catalog.message('product_update', product('A', 8).body ?? ''));
  await till.holds(stage.catalog);
  await till.reaches({ status: 'live', version: 2 });
  expect(await till.counts()).toMatchObject({ digest_mismatch: 1, repair: 1, mended: 1, snapshot: 1 });
});

test('[P4] [R5] a snapshot that is not what its digest says is never shown', async () => {
  await using stage = await Stage.set();
  stage.backend.distort = (path, answer) =>
    path === SYNC_PATHS.fullData ? { ...answer, products: [] } : answer;
  await using till = await stage.openTill();
  await till.reaches({ status: 'needs_attention', version: null });
  expect(await till.rows()).toEqual([]);
  stage.backend.distort = (_path, answer) => answer;
  await till.reaches({ status: 'live', version: 1 });
});

test('[P1] [T3] a message of another license in our queue is not applied, and counted', async () => {
  await using stage = await Stage.set();
  await using till = await stage.openLiveTill();
  const other = new ModelCatalog(OTHER_LICENSE, stage.catalog.epoch, stage.catalog.signer);
  other.version = stage.catalog.version;
  // Routed as ours, with the other license's content: as somebody with the broker's keys could.
  other.commit([product('A', 99)]);
  const body = product('A', 99).body ?? '';
  await stage.publish({
    ...other.message('product_update', body),
    routingKey: routingKeyOf(stage.catalog.licenseKey, 'product_update'),
  });
  await till.counted('message_foreign_license', 1);
  // Bound to our queue by somebody else: the routing key itself is the other license's.
  await stage.publish({
    ...other.message('product_update', body),
    routingKey: routingKeyOf(OTHER_LICENSE, 'product_update'),
  });
  await stage.publish(stage.catalog.setPrice('B', 5));
  await till.holds(stage.catalog);
  expect(JSON.stringify(await till.rows())).not.toContain('99');
});

test('[W4] [T3] messages that are malformed or misrouted are counted and dropped, and the next one is taken', async () => {
  await using stage = await Stage.set();
  await using till = await stage.openLiveTill();
  const like = stage.catalog.message('price_update', '{}');
  const { licenseKey } = stage.catalog;
  const bodies = ['', 'no json', '{}', '[]', 'null', '\u0000', JSON.stringify({ type: 'price_update' })].map(
    (text) => Buffer.from(text),
  );
  bodies.push(Buffer.from([0xff, 0xfe, 0xfd]));
  for (const body of bodies) await stage.publish({ ...like, body });
  await stage.publish({ ...like, body: Buffer.from('not gzip'), contentEncoding: 'gzip' });
  await till.counted('message_malformed', bodies.length + 1);
  stage.catalog.commit([product('A', 3)]);
  const routed = stage.catalog.message('product_update', product('A', 3).body ?? '');
  await stage.publish({ ...routed, routingKey: routingKeyOf(licenseKey, 'product_delete') });
  await stage.publish({ ...routed, routingKey: `license.${licenseKey}.no_such_type` });
  await till.counted('message_misrouted', 2);
  await stage.publish(stage.catalog.setPrice('B', 5));
  await till.holds(stage.catalog);
});

test('[T6] a broadcast is shown once until it expires; an expired one is not', async () => {
  await using stage = await Stage.set();
  await using till = await stage.openLiveTill();
  const make = (id: string, text: string, endsInMs: number) => {
    const nowMs = Date.now();
    const notice = encodeBroadcast({
      id,
      type: 'broadcast.system_notice',
      license_key: '*',
      timestamp: new Date(nowMs).toISOString(),
      expires_at: new Date(nowMs + endsInMs).toISOString(),
      payload: { message: text, severity: 'warning' },
    });
    return {
      routingKey: broadcastRoutingKey('system_notice'),
      headers: {
        [SIGNATURE_HEADER]: stage.catalog.signer.sign({ license_key: '*', at: null }, notice),
      },
      body: Buffer.from(notice),
      messageId: id,
      type: 'broadcast.system_notice',
      timestampMs: nowMs,
    };
  };
  const late = '7f1c2c7e-6f0a-4d3b-9a51-0d3b1f2a4c01';
  const good = '7f1c2c7e-6f0a-4d3b-9a51-0d3b1f2a4c02';
  await stage.publish(make(late, 'Too late', -1_000));
  await stage.publish(make(good, 'Cards are down', 3_600_000));
  await stage.publish(make(good, 'Cards are down', 3_600_000));
  await till.counted('message_received', 3);
  const { notices } = await till.state();
  expect(notices.map(({ message, severity }) => `${severity}: ${message}`)).toEqual([
    'warning: Cards are down',
  ]);
  expect((await till.activity()).filter(({ type }) => type === 'broadcast.system_notice')).toHaveLength(1);
  expect(await till.counts()).toMatchObject({ broadcast: 1, broadcast_expired: 1 });
});

test('[R10] a refused license needs attention, takes nothing meanwhile, and goes on when it is served again', async () => {
  await using stage = await Stage.set();
  await using till = await stage.openLiveTill();
  stage.backend.refuseWith = 'license_suspended';
  expect(await till.syncNow()).toMatchObject({ outcome: 'refused' });
  await till.reaches({
    status: 'needs_attention',
    reason: 'The license is suspended. Call your supplier.',
    last_proof_at: null,
  });
  await stage.publish(stage.catalog.setPrice('A', 8));
  await till.counted('message_received', 1);
  expect(await till.state()).toMatchObject({ version: 1 });
  stage.backend.refuseWith = null;
  expect(await till.syncNow()).toMatchObject({
    outcome: 'applied',
    applied: 1,
    message: '1 change applied (v2)',
  });
  await till.holds(stage.catalog);
});

test('[T1] a till starts without backend and without broker, and catches up when they are there', async () => {
  await using stage = await Stage.set();
  const nowhere = await freePort();
  await stage.backend.stop();
  {
    await using till = await stage.openTill({ AMQP_URL: `amqp://guest:guest@127.0.0.1:${nowhere}` });
    await till.reaches({ status: 'offline', version: null, broker_attached: false });
    expect(await till.syncNow()).toMatchObject({
      outcome: 'no_connection',
      message: expect.stringMatching(/^No connection, retrying/),
    });
    expect((await till.state()).next_retry_at).not.toBeNull();
  }
  await using backend = await ScriptedBackend.start(stage.catalog, stage.backend.port);
  await using till = await stage.openLiveTill();
  await till.holds(stage.catalog);
  expect(backend.countAsked(SYNC_PATHS.fullData)).toBe(1);
});

test('[P6] [R11] without the broker the sync API alone brings changes, and the till does not call itself live', async () => {
  await using stage = await Stage.set();
  const nowhere = await freePort();
  await using till = await stage.openTill({ AMQP_URL: `amqp://guest:guest@127.0.0.1:${nowhere}` });
  await till.holds(stage.catalog);
  stage.catalog.setPrice('A', 6);
  expect(await till.syncNow()).toMatchObject({ outcome: 'applied', version: 2 });
  await till.holds(stage.catalog);
  await till.reaches({ status: 'catching_up', broker_attached: false });
});

test('[R8] without the sync API the messages alone bring changes', async () => {
  await using stage = await Stage.set();
  await using till = await stage.openLiveTill();
  await stage.backend.stop();
  expect(await till.syncNow()).toMatchObject({ outcome: 'no_connection' });
  for (const price of [4, 5, 6]) await stage.publish(stage.catalog.setPrice('A', price));
  await till.holds(stage.catalog);
});

test('[P3] [R2] [Q4] the connection is cut by the broker: the till attaches again and misses nothing', async () => {
  await using stage = await Stage.set();
  await using till = await stage.openLiveTill();
  await stage.cutOff(till);
  await stage.publish(stage.catalog.setPrice('A', 6));
  await till.counted('detached', 1);
  await till.counted('attached', 2);
  await till.holds(stage.catalog);
  await stage.publish(stage.catalog.setPrice('A', 7));
  await till.holds(stage.catalog);
  await till.reaches({ status: 'live' });
});

test('[T1] [R2] after a restart the till shows at once what it had, as the same terminal, and asks only for what it missed', async () => {
  await using stage = await Stage.set();
  let terminalId: string;
  {
    await using till = await stage.openLiveTill();
    ({ terminalId } = till);
  }
  stage.catalog.setPrice('A', 6);
  stage.backend.hangs = true;
  {
    await using till = await stage.openTill();
    expect(till.terminalId).toBe(terminalId);
    expect(await till.state()).toMatchObject({ version: 1, items: { product: 3 } });
    expect((await till.state()).status).not.toBe('live');
  }
  stage.backend.hangs = false;
  await using till = await stage.openLiveTill();
  await till.holds(stage.catalog);
  expect(stage.backend.countAsked(SYNC_PATHS.fullData)).toBe(1);
});

test("[P1] another license's catalog in the data folder is never shown", async () => {
  await using stage = await Stage.set();
  await (await stage.openLiveTill()).stop();
  await stage.backend.stop();
  await using till = await stage.openTill({ LICENSE_KEY: OTHER_LICENSE });
  expect(await till.state()).toMatchObject({
    license_key: OTHER_LICENSE,
    version: null,
    items: { product: 0 },
  });
});

test('[P1] an answer for another license is not used', async () => {
  await using stage = await Stage.set();
  stage.backend.distort = (_path, answer) => ({ ...answer, license_key: OTHER_LICENSE });
  await using till = await stage.openTill();
  await till.counted('pull_failed', 1);
  expect(await till.state()).toMatchObject({ version: null });
});

test('[T4] a damaged catalog file is loaded anew, and the terminal stays who it is', async () => {
  await using stage = await Stage.set();
  const before = await stage.openLiveTill();
  await before.stop();
  writeFileSync(join(stage.dataDir, 'catalog.sqlite'), 'damaged '.repeat(2_000));
  await using till = await stage.openLiveTill();
  expect(till.terminalId).toBe(before.terminalId);
  await till.holds(stage.catalog);
  expect(await till.counts()).toMatchObject({ catalog_set_aside: 1 });
});

test('[P6] [T4] a catalog file that turns out to be damaged while the till runs is loaded anew at once', async () => {
  await using stage = await Stage.set();
  stage.catalog.commit(bigCatalog());
  const first = await stage.openLiveTill();
  await first.stop();
  await using till = await stage.openLiveTill();
  damageTail(join(stage.dataDir, 'catalog.sqlite'));
  expect((await fetch(`${till.url}/api/items/product`)).status).toBe(503);
  expect((await till.state()).status).not.toBe('live');
  await till.reaches({ status: 'live' });
  await till.holds(stage.catalog);
});

test('a busy port is named, and nothing is left open', async () => {
  await using stage = await Stage.set();
  const other = { TILLCAST_DATA_DIR: join(stage.dataDir, 'other') };
  await using till = await stage.openTill();
  const { port } = new URL(till.url);
  await expect(stage.openTill({ ...other, PORT: port })).rejects.toMatchObject({
    code: 'port_in_use',
    message: expect.stringContaining(port),
  });
  await using again = await stage.openTill(other);
  expect(await again.state()).toMatchObject({ license_key: stage.catalog.licenseKey });
});
