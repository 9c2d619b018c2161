import { ADMIN_PATHS, revokedKeySchema, signingKeyListSchema } from '@tillcast/protocol/http/admin-api';
import { expect, test } from 'vitest';
import { API_KEY, type Cluster } from './support/cluster.ts';
import { Trial } from './support/trial.ts';

test('[B40] [B42] [P1] [P2] [P3] [P4] [P6] [Y1] [Y2] each RabbitMQ node of three is killed in turn: its tills are live again within 5 s, and a revoked key is forgotten by all three', async () => {
  await using trial = await Trial.begin();
  for (const [host, node] of trial.cluster.nodes) {
    await trial.suffer({
      name: `${host} killed`,
      server: host,
      strike: () => node.kill(),
      mend: async () => {
        await node.start();
        await trial.cluster.untilWhole();
      },
      attachedAgainWithinMs: 5_000,
      publishingPausesAtMostMs: 10_000,
    });
  }
  await trial.suffer({
    name: 'token key revoked',
    strike: async () => {
      const { nodes, nodes_left } = await revokeTokenKey(trial.cluster);
      expect({ nodes, nodes_left }).toEqual({ nodes: 3, nodes_left: [] });
    },
    mend: () => trial.cluster.untilWhole(),
  });
  await trial.finish();
}, 900_000);

/** Revokes the key that signs tokens; resolves to what came of telling the broker. */
async function revokeTokenKey({
  apiUrl,
  fetch,
}: Cluster): Promise<{ readonly nodes: number; readonly nodes_left: readonly string[] }> {
  const headers = { authorization: `Bearer ${API_KEY}` };
  const listed = await fetch(apiUrl + ADMIN_PATHS.keys, { headers });
  const { keys } = signingKeyListSchema.parse(await listed.json());
  const current = keys.find(({ purpose, state }) => purpose === 'token' && state === 'current');
  const path = ADMIN_PATHS.revokeKey(current?.kid ?? '');
  const answer = await fetch(apiUrl + path, { method: 'POST', headers });
  const { broker } = revokedKeySchema.parse(await answer.json());
  if (broker === null) throw new Error('The broker was not told.');
  return broker;
}
