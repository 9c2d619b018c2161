import { gzipSync } from 'node:zlib';
import { ADMIN_PATHS } from '@tillcast/protocol/http/admin-api';
import { SYNC_PATHS } from '@tillcast/protocol/http/sync-api';
import { type Draft, fails, holds, type Observed } from '../attack.ts';
import { type Watched, watched } from '../backend-watch.ts';
import type { ProbeRequest } from '../http-probe.ts';
import type { Stage } from '../stage.ts';

const MIB = 1024 * 1024;
/** What the worst of it may cost the backend. */
const MAX_GROWN_BYTES = 50 * MIB;
const AT_ONCE = 40;
const ROUNDS = 12;
const SLOW_BODIES = 200;
const WARMING_TURNS = 10;

/** The size attacks that cost most, many at once, with bodies that never end beside them. */
export const CROWD_DRAFT: Draft = {
  attempt: `${AT_ONCE} of these at once, ${ROUNDS} times, beside ${SLOW_BODIES} bodies that never end`,
  expected: 'health is told meanwhile; its memory grows by less than 50 MiB',
  line: 'the bounds of bodies, depth and values at the API, and of what is under way at once',
  run: async (stage) => verdictOf(await watchCrowd(stage)),
};

type CrowdStage = Pick<Stage, 'api' | 'own' | 'operator'>;

/** Tries it, and gives what was seen. */
export async function watchCrowd(stage: CrowdStage): Promise<Watched> {
  const kinds = await requestsOf(stage);
  // What any traffic costs a process that was just started is no matter here.
  for (let turn = 0; turn < WARMING_TURNS; turn += 1) {
    for (const request of kinds) await stage.api.send(request);
  }
  return watched(stage.api, () => crowd(stage, kinds));
}

// Not to the doors of activation and token: their limits would be used up for what is tried after this.
async function requestsOf(stage: CrowdStage): Promise<readonly ProbeRequest[]> {
  const operator = { authorization: `Bearer ${stage.operator.apiKey}`, 'content-type': 'application/json' };
  const till = { authorization: `Bearer ${await stage.own.token()}`, 'content-type': 'application/json' };
  const changes = { method: 'POST', path: ADMIN_PATHS.changes(stage.own.licenseKey), headers: operator };
  const half = MIB / 2 - 8;
  return [
    { ...changes, body: Buffer.from('['.repeat(half) + ']'.repeat(half)) },
    { ...changes, body: Buffer.from(`[${'0,'.repeat(half)}0]`) },
    { ...changes, body: Buffer.from(JSON.stringify({ operations: ['x'.repeat(MIB - 100)] })) },
    {
      ...changes,
      headers: { ...operator, 'content-encoding': 'gzip' },
      body: gzipSync(Buffer.alloc(100 * MIB, 0x20)),
    },
    { method: 'POST', path: SYNC_PATHS.status, headers: till, body: Buffer.alloc(MIB - 8, 0x5b) },
    { ...changes, body: Buffer.alloc(100 * MIB, 0x61) },
  ];
}

async function crowd(stage: CrowdStage, kinds: readonly ProbeRequest[]): Promise<void> {
  const slow = Array.from({ length: SLOW_BODIES }, () =>
    stage.api.hold(
      stage.api.rawRequest(
        ADMIN_PATHS.changes(stage.own.licenseKey),
        {
          authorization: `Bearer ${stage.operator.apiKey}`,
          'content-type': 'application/json',
          'content-length': String(MIB - 8),
        },
        'POST',
      ),
    ),
  );
  try {
    for (let round = 0; round < ROUNDS; round += 1) {
      const many = Array.from({ length: Math.ceil(AT_ONCE / kinds.length) }, () => kinds).flat();
      await Promise.all(many.slice(0, AT_ONCE).map((request) => stage.api.send(request)));
    }
  } finally {
    for (const each of slow) each.close();
  }
}

function verdictOf({ grownBytes, lagMs, asked, answered }: Watched): Observed {
  const health = `health was told ${answered} of ${asked} times`;
  if (grownBytes === null || lagMs === null) {
    return answered === asked ? holds(`${health}; /metrics cannot be read here`) : fails(health);
  }
  const figures = `${health}, memory grew by ${Math.round(grownBytes / MIB)} MiB, the event loop was late by ${Math.round(lagMs)} ms at most`;
  return answered === asked && grownBytes < MAX_GROWN_BYTES ? holds(figures) : fails(figures);
}
