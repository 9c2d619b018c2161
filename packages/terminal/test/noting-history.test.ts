import { createFetch, silentLogger } from '@tillcast/broker';
import { TillcastError } from '@tillcast/protocol/errors';
import { statusOf } from '@tillcast/protocol/replica/status';
import { freePort } from '@tillcast/testkit';
import { expect, test, vi } from 'vitest';
import { licenseKeyCredentials } from '../src/identity/license-key-credentials.ts';
import { KeptMessageKeys } from '../src/identity/message-keys.ts';
import { Counters } from '../src/replica/counters.ts';
import { ReplicaDriver } from '../src/replica/driver.ts';
import { systemTillClock } from '../src/replica/till-clock.ts';
import { TillStore } from '../src/store/till-store.ts';
import { SyncClient } from '../src/sync-client/sync-client.ts';
import { ModelCatalog, product } from './model-catalog.ts';
import { LICENSE } from './running-till.ts';
import { ScriptedBackend } from './scripted-backend.ts';
import { tempFolder } from './temp-folder.ts';

test('[Z4] [P6] while the history that answers name cannot be noted, none of them counts for a proof', async () => {
  await using things = new AsyncDisposableStack();
  const catalog = new ModelCatalog(LICENSE);
  catalog.commit([product('A', 1)]);
  const backend = things.use(await ScriptedBackend.start(catalog, await freePort()));
  const folder = things.use(tempFolder());
  const store = things.use(
    new TillStore({
      path: folder.file('catalog.sqlite'),
      licenseKey: LICENSE,
      onSetAside: ({ reason }) => expect.unreachable(reason),
    }),
  );
  const till = { terminalId: crypto.randomUUID(), licenseKey: LICENSE, terminalName: 'Till', brokerUrls: [] };
  const credentials = licenseKeyCredentials(till);
  const peer = { baseUrl: backend.url, licenseKey: LICENSE, credentials, fetch: createFetch(null) };
  const ask = (): Promise<readonly (typeof catalog.signer.key)[]> => Promise.resolve([catalog.signer.key]);
  let isDiskFull = false;
  const noted: string[] = [];
  const driver = new ReplicaDriver({
    licenseKey: LICENSE,
    store,
    client: new SyncClient(peer, () => systemTillClock.steadyMs()),
    keys: new KeptMessageKeys({ dataDir: folder.path, ask, logger: silentLogger }),
    clock: systemTillClock,
    random: Math.random,
    unsentSales: () => 0,
    onHistory: (epoch) => {
      if (isDiskFull) throw new TillcastError('till_disk_full', 'There is no room.');
      noted.push(epoch);
    },
    counters: new Counters(),
    logger: silentLogger,
    onNews: () => undefined,
    onDeafLine: () => undefined,
  });
  things.defer(() => driver.stop());
  const word = (): string => statusOf(driver.state, systemTillClock.steadyMs(), 0).status;
  driver.start();
  driver.attached();
  await vi.waitFor(() => expect(word()).toBe('live'), { timeout: 20_000 });
  expect(new Set(noted)).toEqual(new Set([catalog.cursor.epoch]));

  isDiskFull = true;
  const { counters } = driver;
  await vi.waitFor(() => {
    driver.requestSync();
    expect(counters.of('store_failed')).toBeGreaterThan(3);
  }, 20_000);
  const proof = driver.state.proof;
  driver.requestSync();
  const failed = counters.of('store_failed');
  await vi.waitFor(() => expect(counters.of('store_failed')).toBeGreaterThan(failed), 20_000);
  expect(driver.state.proof).toEqual(proof);
  expect(word()).not.toBe('live');

  isDiskFull = false;
  driver.requestSync();
  await vi.waitFor(() => expect(word()).toBe('live'), { timeout: 40_000 });
  expect(driver.state.proof).not.toEqual(proof);
});
