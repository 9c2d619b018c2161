import { Agent, request } from 'node:http';
import { ADMIN_PATHS } from '@tillcast/protocol/http/admin-api';
import { LICENSE_KEY_HEADER, SYNC_PATHS } from '@tillcast/protocol/http/sync-api';
import { expect, test } from 'vitest';
import { licensePolicy } from '../../../src/http/limits/policies.ts';
import { API_KEY, startMeasuredBackend } from './measured-backend.ts';

const LOUD = 'FLOOD-LIFE-LOUD';
const QUIET = 'FLOOD-LIFE-QUIET';

/** One request from one of this machine's own addresses; gives the status. */
function ask(port: number, license: string, from: Agent): Promise<number> {
  return new Promise((resolve, reject) => {
    const headers = { [LICENSE_KEY_HEADER]: license };
    request({ port, host: '127.0.0.1', path: SYNC_PATHS.fullData, headers, agent: from }, (answer) => {
      answer.resume().once('end', () => resolve(answer.statusCode ?? 0));
    })
      .once('error', reject)
      .end();
  });
}

test('[F8] one license’s flood, from many addresses, is cut to its quota, and nothing of another one is refused', async () => {
  await using on = await startMeasuredBackend({ TILLCAST_AUTH: 'license-key' });
  for (const key of [LOUD, QUIET]) {
    const answer = await fetch(on.url + ADMIN_PATHS.licenses, {
      method: 'POST',
      headers: { authorization: `Bearer ${API_KEY}`, 'content-type': 'application/json' },
      body: JSON.stringify({ key }),
    });
    expect(answer.status).toBe(201);
  }
  const agents = Array.from({ length: 8 }, (_, index) => {
    return new Agent({ keepAlive: true, maxSockets: 4, localAddress: `127.0.0.${index + 10}` });
  });
  const loud = new Map<number, number>();
  const began = performance.now();
  let going = true;
  const flood = agents.flatMap((agent) =>
    Array.from({ length: 4 }, async () => {
      while (going) {
        const status = await ask(on.port, LOUD, agent);
        loud.set(status, (loud.get(status) ?? 0) + 1);
      }
    }),
  );
  const own = new Agent({ keepAlive: true, localAddress: '127.0.0.2' });
  const quiet: number[] = [];
  while ((loud.get(429) ?? 0) < 1_000 || quiet.length < 200) quiet.push(await ask(on.port, QUIET, own));
  going = false;
  await Promise.all(flood);
  for (const agent of [...agents, own]) agent.destroy();

  const seconds = (performance.now() - began) / 1000;
  const { quota, windowS } = licensePolicy(10);
  expect(new Set(loud.keys())).toEqual(new Set([200, 429]));
  expect(loud.get(200)).toBeLessThanOrEqual(Math.ceil(quota + (seconds * quota) / windowS));
  // Its own quota is not used up either: it asks one after the other.
  expect(new Set(quiet.slice(0, quota))).toEqual(new Set([200]));
});
