import { setTimeout as pause } from 'node:timers/promises';
import { test } from 'vitest';
import { Trial } from './support/trial.ts';

const FROZEN_MS = 30_000;
/** Longer than the others take to notice. */
const CUT_OFF_MS = 30_000;
/** The other nodes and the backends have given it up by then, and nobody waits for its confirms any more. */
const GIVEN_UP_WITHIN_MS = 10_000;

test('[B40] [B44] [P1] [P2] [P3] [P4] [P6] [Y1] [Y2] a RabbitMQ node stands still for 30 s, then another sees none of the others: both come back unaided', async () => {
  await using trial = await Trial.begin();
  const { nodes, links } = trial.cluster;
  const still = nodes.get('rabbitmq2');
  await trial.suffer({
    name: 'rabbitmq2 frozen for 30 s',
    server: 'rabbitmq2',
    attachedAgainWithinMs: 5_000,
    strike: () => still?.freeze(),
    mend: async () => {
      await pause(FROZEN_MS);
      still?.thaw();
      await trial.cluster.untilWhole();
    },
    publishingPausesAtMostMs: GIVEN_UP_WITHIN_MS + 5_000,
  });
  await trial.suffer({
    name: 'rabbitmq3 cut off for 30 s',
    server: 'rabbitmq3',
    attachedAgainWithinMs: 5_000,
    strike: () => links.cutOff('rabbitmq3'),
    mend: async () => {
      await pause(CUT_OFF_MS);
      links.heal();
      await trial.cluster.untilWhole();
    },
    publishingPausesAtMostMs: GIVEN_UP_WITHIN_MS + 5_000,
  });
  await trial.finish();
}, 900_000);
