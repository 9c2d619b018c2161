import { availableParallelism } from 'node:os';
import { Worker } from 'node:worker_threads';
import type { Mutation } from './mutations.ts';
import type { Errand, SeedResult, WorkerStart } from './worker-messages.ts';

export interface SeedPoolOptions {
  readonly from: number;
  readonly count: number;
  /** Operations of each run; left out: each seed's own. */
  readonly steps?: number;
  /** A protection that is taken out in all of them. */
  readonly mutation?: Mutation;
  /** Default: one for each core. */
  readonly workers?: number;
  /** True: no further seeds are begun. */
  readonly onResult?: (result: SeedResult) => boolean;
}

/** Seeds that a worker gets at once. */
const ERRAND_SEEDS = 10;

/**
 * Runs a range of seeds on all cores.
 * @returns what came of each that was run, by seed
 * @throws Error where a worker fails by itself
 */
export async function runSeeds(options: SeedPoolOptions): Promise<readonly SeedResult[]> {
  const { from, count, steps = null, mutation = null, onResult = () => false } = options;
  const results: SeedResult[] = [];
  let next = from;
  const takeErrand = (): Errand | null => {
    const end = Math.min(next + ERRAND_SEEDS, from + count);
    if (next >= end) return null;
    const seeds = Array.from({ length: end - next }, (_, index) => next + index);
    next = end;
    return { seeds, steps };
  };
  const onResults = (some: readonly SeedResult[]): void => {
    for (const result of some) {
      results.push(result);
      if (onResult(result)) next = from + count;
    }
  };
  const workers = Math.min(options.workers ?? availableParallelism(), Math.ceil(count / ERRAND_SEEDS));
  await Promise.all(Array.from({ length: workers }, () => work({ mutation }, takeErrand, onResults)));
  return results.toSorted((a, b) => a.seed - b.seed);
}

/** One worker, until there are no errands any more. */
async function work(
  start: WorkerStart,
  takeErrand: () => Errand | null,
  onResults: (results: readonly SeedResult[]) => void,
): Promise<void> {
  const worker = new Worker(new URL('worker.ts', import.meta.url), { workerData: start, execArgv: [] });
  const { promise, resolve, reject } = Promise.withResolvers<void>();
  const goOn = (): void => {
    const errand = takeErrand();
    if (errand === null) resolve();
    else worker.postMessage(errand);
  };
  worker.on('message', (results: readonly SeedResult[]) => {
    onResults(results);
    goOn();
  });
  worker.on('error', reject);
  worker.on('exit', (code) => reject(new Error(`A worker of the simulator ended with ${code}.`)));
  goOn();
  try {
    await promise;
  } finally {
    await worker.terminate();
  }
}
