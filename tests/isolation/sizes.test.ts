import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { parseLicenseKey } from '@tillcast/protocol/license-key';
import { freePort, freshDatabase } from '@tillcast/testkit';
import { expect, test } from 'vitest';
import { HttpProbe } from '../../packages/cli/src/attack/http-probe.ts';
import { ThrowAwayLicenses } from '../../packages/cli/src/attack/operator.ts';
import { watchCrowd } from '../../packages/cli/src/attack/rows/a8-crowd.ts';
import { ThrowAwayTill } from '../../packages/cli/src/attack/throw-away-till.ts';
import { forkBackend } from '../support/forked-backend.ts';
import { API_KEY } from '../support/system.ts';

/*
 * The size attacks against a backend that is a process of its own, so that its memory is nobody else's.
 */

const MIB = 1024 * 1024;

test('[F6] the size attacks, many at once, cost the backend’s process less than 50 MiB, and its health is told meanwhile', {
  timeout: 120_000,
}, async () => {
  await using stack = new AsyncDisposableStack();
  const folder = await mkdtemp(join(tmpdir(), 'tillcast-sizes-'));
  stack.defer(() => rm(folder, { recursive: true, force: true }));
  const database = stack.use(await freshDatabase());
  const backend = stack.use(
    await forkBackend({
      PORT: '0',
      LOG_LEVEL: 'silent',
      DATABASE_URL: database.url,
      AMQP_URL: `amqp://127.0.0.1:${await freePort()}`,
      TILLCAST_API_KEY: API_KEY,
      TILLCAST_AUTH: 'token',
      TILLCAST_PUBLIC_URL: 'http://localhost:8080',
      TILLCAST_DATA_DIR: folder,
    }),
  );
  const api = new HttpProbe(backend.url);
  const operator = new ThrowAwayLicenses(api, API_KEY);
  const licenseKey = parseLicenseKey('SIZES-LIFE-ABC123');
  await operator.create(licenseKey, 'Tea');
  const own = await ThrowAwayTill.activate(api, licenseKey, operator.activationCode(licenseKey));
  const { grownBytes, lagMs, asked, answered } = await watchCrowd({ api, operator, own });
  // How late the event loop was is told by the attack report; on a busy machine it says little.
  expect({ answered, seen: grownBytes !== null && lagMs !== null }).toEqual({ answered: asked, seen: true });
  expect(grownBytes).toBeLessThan(50 * MIB);
});
