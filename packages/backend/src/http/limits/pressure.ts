import { getHeapStatistics } from 'node:v8';
import underPressure from '@fastify/under-pressure';
import { TillcastError } from '@tillcast/protocol/errors';
import type { BackendMetrics } from '../../metrics/metrics.ts';
import type { App } from '../app-types.ts';

/**
 * By how much timers are late on average over a second. There is no bound on utilization: a loop that is
 * always busy and never late is at work, and a thousand tills that return at once make it so.
 */
const MAX_EVENT_LOOP_DELAY_MS = 300;
/** Of what V8 may use at most, which ends the process. */
const MAX_HEAP_SHARE = 0.85;

/** Answered whatever the pressure: who restarts a process for being busy makes it busier. */
const ALWAYS: readonly (string | undefined)[] = ['/health', '/metrics'];

/** Turns requests away with 503 `overloaded` while the event loop is late or memory runs out. */
export async function guardAgainstPressure(
  app: App,
  on: { readonly metrics: BackendMetrics; readonly maxEventLoopDelayMs?: number },
): Promise<void> {
  await app.register(underPressure, {
    maxEventLoopDelay: on.maxEventLoopDelayMs ?? MAX_EVENT_LOOP_DELAY_MS,
    maxHeapUsedBytes: getHeapStatistics().heap_size_limit * MAX_HEAP_SHARE,
    pressureHandler: async (request, _reply, type) => {
      if (ALWAYS.includes(request.routeOptions.url)) return;
      on.metrics.shed(type);
      throw new TillcastError(
        'overloaded',
        'The server has too much to do just now: try again in a few seconds.',
      );
    },
  });
}
