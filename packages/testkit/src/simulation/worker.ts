import { parentPort, workerData } from 'node:worker_threads';
import { takeOut } from './mutations.ts';
import type { Errand, SeedResult, WorkerStart } from './worker-messages.ts';

// What it is given comes from `SeedPool` alone, which is typed by the same types.
const { mutation } = workerData as WorkerStart;
const checkTakenOut = mutation === null ? (): void => undefined : takeOut(mutation);

// Only now: what is loaded before would still have the protection.
const { planOf } = await import('./plan.ts');
const { runPlan } = await import('./run.ts');
checkTakenOut();

async function run({ seeds, steps }: Errand): Promise<void> {
  const results: SeedResult[] = [];
  for (const seed of seeds) {
    const { trace: _, ...result } = await runPlan(planOf(seed, steps === null ? {} : { steps }));
    results.push(result);
  }
  parentPort?.postMessage(results);
}

parentPort?.on('message', (errand: Errand) => void run(errand));
