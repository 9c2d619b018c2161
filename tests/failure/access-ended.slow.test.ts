import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { setTimeout as pause } from 'node:timers/promises';
import { ADMIN_PATHS } from '@tillcast/protocol/http/admin-api';
import { type FaultProxy, openFaultProxy } from '@tillcast/testkit';
import { expect, onTestFinished, test } from 'vitest';
import { tillFolder } from '../support/activated-tills.ts';
import { type GuardedSystem, startGuardedSystem, type TestLicense } from '../support/guarded-system.ts';
import { eventually, NOTICED_MS, within } from './support/bounds.ts';
import { StagedTill } from './support/staged-till.ts';
import { TruthChecker } from './support/truth-checker.ts';

const SHOP = `ENDED-LIFE-${process.pid}A`;
const OTHER = `ENDED-LIFE-${process.pid}B`;
/** Nothing is delivered later than this after the act's commit; what is delivered is applied at once. */
const SILENT_AFTER_MS = 1_000;

interface Scene {
  readonly system: GuardedSystem;
  readonly shop: TestLicense;
  /** Two of the shop, and one of the other license. */
  readonly tills: readonly [StagedTill, StagedTill, StagedTill];
  /** Leads the first till to the sync API. */
  readonly firstToApi: FaultProxy;
  /** Commits to both licenses, some times a second, until it is stopped. */
  readonly stream: { stop: () => Promise<void> };
}

async function setScene(environment: Readonly<Record<string, string>> = {}): Promise<Scene> {
  const stack = new AsyncDisposableStack();
  onTestFinished(() => stack.disposeAsync());
  const root = await mkdtemp(join(tmpdir(), 'tillcast-ended-'));
  stack.defer(() => rm(root, { recursive: true, force: true }));
  const system = stack.use(await startGuardedSystem({ apart: true, environment }));
  const backendUrl = system.backends[0]?.url ?? '';
  const firstToApi = stack.use(await openFaultProxy({ target: Number(new URL(backendUrl).port) }));
  const shop = await system.createLicense(SHOP);
  const other = await system.createLicense(OTHER);
  const open = async (license: TestLicense, name: string, url: string): Promise<StagedTill> => {
    const folder = tillFolder(join(root, name));
    await folder.activate(license, url, name);
    const till = new StagedTill({
      name,
      licenseKey: license.key,
      preload: [],
      environment: {
        TILLCAST_DATA_DIR: folder.path,
        XDG_CONFIG_HOME: join(root, name, 'settings'),
        TILLCAST_KEY_STORE: 'file',
        LOG_LEVEL: 'silent',
      },
    });
    await till.start();
    stack.defer(() => till.stop());
    return till;
  };
  const tills = [
    await open(shop, 'first', firstToApi.through(backendUrl).replace(/\/$/, '')),
    await open(shop, 'second', backendUrl),
    await open(other, 'other', backendUrl),
  ] as const;
  const truth = new TruthChecker({ databaseUrl: system.databaseUrl, tills: () => tills });
  truth.start();
  stack.defer(() => truth.stop());
  let going = true;
  const streaming = (async () => {
    while (going) await Promise.all([pause(50), system.commit(SHOP), system.commit(OTHER)]);
  })();
  const stop = async (): Promise<void> => {
    going = false;
    await streaming;
  };
  stack.defer(stop);
  for (const till of tills) {
    await eventually(async () => expect((await till.state()).version).toBeGreaterThan(20));
  }
  return { system, shop, tills, firstToApi, stream: { stop } };
}

async function versionOf(till: StagedTill): Promise<number> {
  return (await till.state()).version ?? 0;
}

async function endsAlike(one: StagedTill, other: StagedTill): Promise<void> {
  await eventually(async () => {
    const { epoch, version, digest } = await one.state();
    expect(await other.state()).toMatchObject({ status: 'live', epoch, version, digest });
  });
}

test('[P6] [B20] [R10] a license that is suspended in mid-stream: its tills apply nothing after 1 s and say why, the other one goes on, and a resumption brings all back', async () => {
  const { system, tills, stream } = await setScene();
  const [first, second, other] = tills;
  await system.admin(ADMIN_PATHS.suspend(SHOP));
  await pause(SILENT_AFTER_MS);
  const held = await Promise.all([first, second].map(versionOf));
  const others = await versionOf(other);
  await within(NOTICED_MS, async () => {
    for (const till of [first, second]) {
      expect(await till.state()).toMatchObject({
        status: 'needs_attention',
        reason: 'The license is suspended. Call your supplier.',
      });
    }
  });
  expect(await Promise.all([first, second].map(versionOf))).toEqual(held);
  await eventually(async () => expect(await versionOf(other)).toBeGreaterThan(others));
  expect((await other.counts())['gap'] ?? 0).toBe(0);
  await system.admin(ADMIN_PATHS.resume(SHOP));
  await stream.stop();
  await endsAlike(first, second);
}, 180_000);

test('[P6] [B21] [G25] a terminal that is revoked in mid-stream applies nothing after 1 s and says why; its sister goes on without a gap', async () => {
  const { system, tills, stream } = await setScene();
  const [first, second] = tills;
  await system.admin(ADMIN_PATHS.revokeTerminal((await first.state()).terminal_id));
  await pause(SILENT_AFTER_MS);
  const held = await versionOf(first);
  const sisters = await versionOf(second);
  await within(NOTICED_MS, async () =>
    expect(await first.state()).toMatchObject({
      status: 'needs_attention',
      reason: 'This till was shut out by the operator. Call your supplier, who can activate it again.',
    }),
  );
  expect(await versionOf(first)).toBe(held);
  await eventually(async () => expect(await versionOf(second)).toBeGreaterThan(sisters));
  expect((await second.counts())['gap'] ?? 0).toBe(0);
  await stream.stop();
}, 180_000);

test('[P6] [B23] [G24] a till that cannot renew its token is cut off when that ends, says that it is not live, and is back when it can', async () => {
  const { tills, firstToApi, stream } = await setScene({ TILLCAST_TOKEN_LIFETIME_S: '5' });
  const [first, second] = tills;
  firstToApi.suffer({ traffic: 'held' });
  await within(NOTICED_MS * 2, async () =>
    expect(await first.state()).toMatchObject({ broker_attached: false, status: 'offline' }),
  );
  const held = await versionOf(first);
  await pause(3_000);
  expect(await versionOf(first)).toBe(held);
  firstToApi.heal();
  await eventually(async () => expect(await versionOf(first)).toBeGreaterThan(held));
  await stream.stop();
  await endsAlike(second, first);
}, 180_000);
