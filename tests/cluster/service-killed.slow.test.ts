import { setTimeout as pause } from 'node:timers/promises';
import { test } from 'vitest';
import { Trial } from './support/trial.ts';

/** So long after a death whoever looks after processes starts another; Docker takes less. */
const RESTART_AFTER_MS = 2_000;
/** Longer than a lease. */
const FROZEN_MS = 5_000;

test('[B40] [P1] [P2] [P3] [P4] [P6] [Y1] [Y2] [Y3] each backend, HAProxy and PostgreSQL are killed in turn, and a backend comes back as a zombie', async () => {
  await using trial = await Trial.begin();
  const { backends, balancer, postgres } = trial.cluster;
  for (const [host, backend] of backends) {
    await trial.suffer({
      name: `${host} killed`,
      strike: () => backend.kill(),
      mend: async () => {
        await pause(RESTART_AFTER_MS);
        await backend.start();
      },
      liveAgainWithinMs: 5_000,
      publishingPausesAtMostMs: 10_000,
    });
    await trial.suffer({
      name: `${host} frozen beyond its leases`,
      strike: () => backend.freeze(),
      mend: async () => {
        await pause(FROZEN_MS);
        backend.thaw();
      },
      publishingPausesAtMostMs: 10_000,
    });
  }
  await trial.suffer({
    name: 'haproxy killed',
    strike: () => balancer.kill(),
    mend: async () => {
      await pause(RESTART_AFTER_MS);
      await balancer.start();
    },
    liveAgainWithinMs: RESTART_AFTER_MS + 10_000,
    publishingPausesAtMostMs: 10_000,
  });
  await trial.suffer({
    name: 'postgresql killed',
    strike: () => postgres.kill(),
    mend: async () => {
      await pause(RESTART_AFTER_MS);
      await postgres.startAgain();
    },
    publishingPausesAtMostMs: 15_000,
  });
  await trial.finish();
}, 900_000);
