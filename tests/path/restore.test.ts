import { writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { parseBackendConfig, startBackend } from '@tillcast/backend';
import { checkBackup, restoreFile } from '@tillcast/backend/backup';
import { ADMIN_PATHS, licenseSchema } from '@tillcast/protocol/http/admin-api';
import { freshDatabase } from '@tillcast/testkit';
import { expect, test } from 'vitest';
import { API_KEY, startTestSystem } from '../support/system.ts';
import { becomes, shownDigest, startTill, stateOf } from '../support/tills.ts';

const KEY = 'EXTRO-LIFE-RESTORE';

function price(value: number): object {
  return { op: 'set_price', product_id: 'P1', price: value };
}

test('[Z1] [P4] [P6] after a restore of an older backup a till gives up what it had since, and says live only of the new history', async () => {
  await using system = await startTestSystem([KEY], 'postgresql');
  await using restored = await freshDatabase();
  await system.commit(KEY, {
    op: 'put',
    kind: 'product',
    item: { id: 'P1', name: 'Tea', price: 1, currency: 'GBP' },
  });
  await using stack = new AsyncDisposableStack();
  const till = await startTill(system, KEY, 'till');
  stack.defer(() => till.stop());
  await becomes(async () => expect(await stateOf(till)).toMatchObject({ status: 'live', version: 1 }));

  const file = join(system.folder('.'), 'backup.gz');
  const answer = await fetch(system.backend.url + ADMIN_PATHS.backups, {
    method: 'POST',
    headers: { authorization: `Bearer ${API_KEY}` },
  });
  await writeFile(file, Buffer.from(await answer.arrayBuffer()));
  expect(await checkBackup(file)).toMatchObject({ licenses: 1 });

  // Two changes that the backup does not have; after the restore the same versions mean other content.
  for (const value of [2, 3]) await system.commit(KEY, price(value));
  await becomes(async () => expect(await stateOf(till)).toMatchObject({ status: 'live', version: 3 }));
  const before = await stateOf(till);
  const port = new URL(system.backend.url).port;
  await system.backend.stop();
  await restoreFile(file, { engine: 'postgresql', url: restored.url }, { now: () => new Date() });
  const restoredAtMs = Date.now();
  const backend = stack.use(
    await startBackend(
      parseBackendConfig({
        PORT: port,
        AMQP_URL: system.virtualHost.amqpUrl,
        TILLCAST_DATA_DIR: system.config.dataDir,
        DATABASE_URL: restored.url,
        TILLCAST_API_KEY: API_KEY,
        TILLCAST_AUTH: 'license-key',
        LOG_LEVEL: 'silent',
      }),
    ),
  );
  expect(backend.url).toBe(system.backend.url);
  for (const value of [7, 8]) await system.commit(KEY, price(value));

  const lies: unknown[] = [];
  await becomes(async () => {
    const seen = await stateOf(till);
    // A proof of before is good for as long as any; one that was asked for since is of the new history.
    const proofAtMs = Date.parse(seen.last_proof_at ?? '');
    if (seen.status === 'live' && seen.epoch === before.epoch && proofAtMs > restoredAtMs) lies.push(seen);
    expect(seen).toMatchObject({
      status: 'live',
      version: 3,
      epoch: expect.not.stringMatching(`^${before.epoch}$`),
    });
  });
  expect(lies).toEqual([]);
  const { epoch, digest } = licenseSchema.parse((await system.admin(ADMIN_PATHS.license(KEY))).body);
  const state = await stateOf(till);
  expect(state).toMatchObject({ epoch, digest });
  expect(epoch).not.toBe(before.epoch);
  expect(await shownDigest(till)).toBe(state.digest);
});
