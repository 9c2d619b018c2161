import { setTimeout as sleep } from 'node:timers/promises';
import type { HttpProbe } from './http-probe.ts';

/** What was seen of the backend while something was done to it. */
export interface Watched {
  /** By how much its memory grew at most; null where its metrics cannot be read. */
  readonly grownBytes: number | null;
  /** The event loop's largest lag in milliseconds, 10 of which are the measurement itself. */
  readonly lagMs: number | null;
  /** Requests for its health, and how many of them were answered. */
  readonly asked: number;
  readonly answered: number;
}

const INTERVAL_MS = 100;

interface Reading {
  /** Which process it is of: behind one address there may be several. */
  readonly startedAt: number;
  readonly memoryBytes: number;
  readonly lagS: number;
}

/** Does something to the backend while its health is asked for and its metrics are read. */
export async function watched(api: HttpProbe, work: () => Promise<void>): Promise<Watched> {
  const before = await read(api);
  let same = before !== null;
  let mostBytes = before?.memoryBytes ?? 0;
  let mostLagS = 0;
  let asked = 0;
  let answered = 0;
  let going = true;
  const watching = (async (): Promise<void> => {
    while (going) {
      asked += 1;
      if ((await api.send({ path: '/health' })).status === 200) answered += 1;
      const now = before === null ? null : await read(api);
      if (now !== null && before !== null) {
        same &&= now.startedAt === before.startedAt;
        mostBytes = Math.max(mostBytes, now.memoryBytes);
        mostLagS = Math.max(mostLagS, now.lagS);
      }
      await sleep(INTERVAL_MS);
    }
  })();
  try {
    await work();
  } finally {
    going = false;
    await watching;
  }
  return {
    grownBytes: same && before !== null ? mostBytes - before.memoryBytes : null,
    lagMs: same ? mostLagS * 1_000 : null,
    asked,
    answered,
  };
}

async function read(api: HttpProbe): Promise<Reading | null> {
  const { status, text } = await api.send({ path: '/metrics' });
  if (status !== 200) return null;
  const [startedAt, memoryBytes, lagS] = [
    'tillcast_process_start_time_seconds',
    'tillcast_process_resident_memory_bytes',
    'tillcast_nodejs_eventloop_lag_max_seconds',
  ].map((name) => valueOf(text, name));
  if (startedAt === undefined || memoryBytes === undefined || lagS === undefined) return null;
  return { startedAt, memoryBytes, lagS };
}

/** A measurement without labels in Prometheus' text format. */
function valueOf(text: string, name: string): number | undefined {
  const line = text.split('\n').find((each) => each.startsWith(`${name} `));
  const value = Number(line?.slice(name.length));
  return line === undefined || Number.isNaN(value) ? undefined : value;
}
