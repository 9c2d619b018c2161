import { test } from 'vitest';
import { Trial } from './support/trial.ts';

test('[P1] [P2] [P3] [P4] [P6] [Y1] [Y2] each RabbitMQ node of three is killed in turn: its tills are live again within 5 s', async () => {
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
      liveAgainWithinMs: 5_000,
      publishingPausesAtMostMs: 10_000,
    });
  }
  await trial.finish();
}, 900_000);
