import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { type PrivateNode, silentLogger, startPrivateNode } from '@tillcast/broker';
import { freshDatabase } from '@tillcast/testkit';
import { expect, onTestFinished, test } from 'vitest';
import { commit } from '../../src/catalog/commit.ts';
import { getLicense } from '../../src/licenses/find-license.ts';
import { context, newLicense, open, product } from '../contract/fixture.ts';
import { Listener, startRelay } from './harness.ts';
import { publishedUpTo } from './published.ts';

async function startNode(dataDir: string, ports?: PrivateNode['ports']): Promise<PrivateNode> {
  const node = await startPrivateNode({
    dataDir,
    logger: silentLogger,
    stopTimeoutMs: 1_000,
    ...(ports === undefined ? {} : { ports }),
  });
  onTestFinished(() => node.stop());
  return node;
}

// 1. Changes flow. 2. The broker is stopped; commits go on, and wait. 3. It comes back at the same place, and
// all that waited is published, in order, before what is committed then.
test('[Y2] while the broker is away changes wait, and are published when it is back', async () => {
  const dataDir = await mkdtemp(join(tmpdir(), 'tillcast-broker-away-'));
  onTestFinished(() => rm(dataDir, { recursive: true, force: true }));
  await using fresh = await freshDatabase();
  await using database = await open({ url: fresh.url });
  const node = await startNode(dataDir);
  await using _relay = await startRelay({ database, amqpUrl: node.amqpUrl });
  const key = await newLicense(database);
  await commit(database, key, [product('P', 1)], context);
  await publishedUpTo(database, key, 1);

  await node.stop();
  for (let price = 2; price <= 200; price += 1) await commit(database, key, [product('P', price)], context);
  expect(await getLicense(database, key)).toMatchObject({ version: 200, publishedVersion: 1 });

  const again = await startNode(dataDir, node.ports);
  await using listener = await Listener.attach(again.amqpUrl, key);
  await publishedUpTo(database, key, 200);
  await commit(database, key, [product('P', 201)], context);
  await listener.until(({ changes }) => changes.at(-1)?.version === 201);
  const versions = listener.changes.map(({ version }) => version);
  expect(versions).toEqual(versions.toSorted((a, b) => a - b));
});
