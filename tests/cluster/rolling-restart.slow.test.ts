import { expect, test } from 'vitest';
import { runCommand } from '../support/command.ts';
import { checkMeasurements } from './support/measurements.ts';
import { Trial } from './support/trial.ts';

test('[B3] [B40] [B43] [P1] [P2] [P3] [P4] [P6] [Y1] [Y2] [Y3] all parts are restarted in order, one after the other, as for an upgrade', async () => {
  await using trial = await Trial.begin();
  const { nodes, backends, balancer, postgres } = trial.cluster;
  for (const [host, node] of nodes) {
    await trial.suffer({
      name: `${host} restarted`,
      strike: () => node.stop(),
      mend: async () => {
        await node.start();
        await trial.cluster.untilWhole();
      },
      publishingPausesAtMostMs: 10_000,
    });
  }
  for (const [host, backend] of backends) {
    await trial.suffer({
      name: `${host} restarted`,
      strike: () => backend.stop(),
      mend: () => backend.start(),
      publishingPausesAtMostMs: 10_000,
    });
  }
  await trial.suffer({
    name: 'haproxy restarted',
    strike: () => balancer.drain(),
    mend: () => balancer.start(),
  });
  await trial.suffer({
    name: 'postgresql restarted',
    strike: () => postgres.shutDown(),
    mend: () => postgres.startAgain(),
    publishingPausesAtMostMs: 15_000,
  });
  await trial.finish();
  await checkMeasurements(trial.cluster);
  const audited = await runCommand(['broker', 'audit'], {
    env: trial.cluster.environmentOf('provision'),
    cwd: trial.cluster.folder,
  });
  expect(audited, audited.out + audited.err).toMatchObject({ code: 0 });
}, 900_000);
