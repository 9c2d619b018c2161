import { mkdirSync, mkdtempSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { whyNotConverged, whyNotMended } from './convergence.ts';
import { doOperation, type Vault } from './do-operation.ts';
import type { Plan } from './plan.ts';
import { removeFiles } from './till-files.ts';
import type { Violation } from './violation.ts';
import { World } from './world.ts';

/** Once nothing goes wrong any more, all is as it should within this time. */
export const CONVERGENCE_BOUND_MS = 90_000;

const LOOK_EVERY_MS = 500;

/** What came of a run. */
export interface Outcome {
  readonly seed: number;
  /** Null: every promise was kept. */
  readonly violation: Violation | null;
  /** The same for the same plan, always. */
  readonly fingerprint: string;
  /** How long it took until all was as it should, once the faults had ended. */
  readonly convergedAfterMs: number | null;
  /** The most questions that one till asked within 10 s. */
  readonly requestsMax: number;
  readonly trace: readonly string[];
}

export interface RunOptions {
  readonly keepTrace?: boolean;
  /** For the simulator's own tests: something throws at the operation that is done as the so-manieth. */
  readonly breakAfter?: number;
}

/** Runs a plan. Never rejects: what throws is a broken promise too. */
export async function runPlan(plan: Plan, options: RunOptions = {}): Promise<Outcome> {
  const folder = temporaryFolder();
  const world = new World(plan, { folder, keepTrace: options.keepTrace ?? false });
  const strays = catchStrays(world);
  let convergedAfterMs: number | null = null;
  try {
    const vault: Vault = { backup: null };
    let done = 0;
    for (const operation of plan.operations) {
      world.scheduler.at(operation.atMs, () => {
        doOperation(world, vault, operation);
        done += 1;
        if (done === options.breakAfter)
          throw new Error(`The simulation was to break after ${done} operations.`);
      });
    }
    world.start();
    await world.runUntil(plan.quietAtMs);
    convergedAfterMs = await converge(world);
    await sitOutRot(world);
  } catch (error) {
    world.broken('no exception', error instanceof Error ? (error.stack ?? error.message) : String(error));
  } finally {
    world.dispose();
    // A promise that was rejected shows only now.
    await new Promise((resolve) => setImmediate(resolve));
    strays[Symbol.dispose]();
    removeFiles(folder);
  }
  return {
    seed: plan.seed,
    violation: world.violation,
    fingerprint: world.trace.fingerprint,
    convergedAfterMs,
    requestsMax: Math.max(0, ...world.seats.map(({ watch }) => watch.requestsMax)),
    trace: world.trace.lines,
  };
}

/** How long it took; null where a promise was broken first. */
async function converge(world: World): Promise<number | null> {
  if (world.violation !== null) return null;
  const { scheduler } = world;
  world.heal();
  const fromMs = scheduler.nowMs;
  while (world.violation === null) {
    await world.runUntil(scheduler.nowMs + LOOK_EVERY_MS);
    const why = whyNotConverged(world);
    if (why === null) return scheduler.nowMs - fromMs;
    if (scheduler.nowMs - fromMs < CONVERGENCE_BOUND_MS) continue;
    world.broken('convergence', `${CONVERGENCE_BOUND_MS / 1_000} s after the last fault, ${why}`);
  }
  return null;
}

/** What rotted on a disk is found when the till next reads it through, and mended. */
async function sitOutRot(world: World): Promise<void> {
  const { scheduler } = world;
  const untilMs = world.rotFoundByMs;
  if (world.violation !== null || untilMs <= scheduler.nowMs) return;
  await world.runUntil(untilMs);
  while (world.violation === null) {
    const why = whyNotMended(world) ?? whyNotConverged(world);
    if (why === null) return;
    if (scheduler.nowMs - untilMs > CONVERGENCE_BOUND_MS) return world.broken('T9 scrub', why);
    await world.runUntil(scheduler.nowMs + LOOK_EVERY_MS);
  }
}

/** A promise that nobody waits for may not fail either. */
function catchStrays(world: World): Disposable {
  const onStray = (reason: unknown): void => {
    world.broken('no exception', reason instanceof Error ? (reason.stack ?? reason.message) : String(reason));
  };
  process.on('unhandledRejection', onStray);
  return { [Symbol.dispose]: () => void process.off('unhandledRejection', onStray) };
}

/** In memory where the system has such a place: a run writes thousands of commits. */
function temporaryFolder(): string {
  const inMemory = '/dev/shm';
  try {
    return mkdtempSync(join(inMemory, 'tillcast-simulation-'));
  } catch {
    mkdirSync(tmpdir(), { recursive: true });
    return mkdtempSync(join(tmpdir(), 'tillcast-simulation-'));
  }
}
