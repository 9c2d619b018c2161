import { getHeapStatistics } from 'node:v8';
import underPressure from '@fastify/under-pressure';
import { TillcastError } from '@tillcast/protocol/errors';
import { IDENTITY_PATHS } from '@tillcast/protocol/http/identity-api';
import type { BackendMetrics } from '../../metrics/metrics.ts';
import type { App } from '../app-types.ts';

/**
 * By how much timers are late on average. There is no bound on utilization: a loop that is always busy and
 * never late is at work, and a thousand tills that return at once make it so.
 */
const MAX_EVENT_LOOP_DELAY_MS = 1_000;
const SAMPLE_INTERVAL_MS = 2_000;
/** Of what V8 may use at most, which ends the process. */
const MAX_HEAP_SHARE = 0.85;

/**
 * Answered whatever the pressure: who restarts a process for being busy makes it busier, and the broker must
 * find the keys that it checks tokens with.
 */
const ALWAYS: readonly (string | undefined)[] = ['/health', '/metrics', IDENTITY_PATHS.jwks];

/** Turns requests away with 503 `overloaded` while the event loop is late or memory runs out. */
export async function guardAgainstPressure(
  app: App,
  on: { readonly metrics: BackendMetrics; readonly maxEventLoopDelayMs?: number },
): Promise<void> {
  await app.register(underPressure, {
    maxEventLoopDelay: on.maxEventLoopDelayMs ?? MAX_EVENT_LOOP_DELAY_MS,
    maxHeapUsedBytes: getHeapStatistics().heap_size_limit * MAX_HEAP_SHARE,
    sampleInterval: SAMPLE_INTERVAL_MS,
    pressureHandler: async (request, _reply, type, value) => {
      // Infinite where no timer ran between two samples: then it was late once, and is over it.
      if (value === Number.POSITIVE_INFINITY || ALWAYS.includes(request.routeOptions.url)) return;
      on.metrics.shed(type);
      throw new TillcastError(
        'overloaded',
        'The server has too much to do just now: try again in a few seconds.',
      );
    },
  });
}
