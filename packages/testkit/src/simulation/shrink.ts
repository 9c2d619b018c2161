import { RATE_NAMES } from './mix.ts';
import type { Plan } from './plan.ts';
import { type Outcome, type RunOptions, runPlan } from './run.ts';

/** So many runs a shrinking may take. */
const RUNS_MAX = 400;

/** A plan that breaks the same promise with less, and what it does, with its trace. */
export interface Shrunk {
  readonly plan: Plan;
  readonly outcome: Outcome;
  readonly runs: number;
}

/** Leaves out of a failing plan what it fails without: operations in halves, quarters …, then kinds of faults. */
export async function shrink(plan: Plan, broken: Outcome, options: RunOptions = {}): Promise<Shrunk> {
  const rule = broken.violation?.rule;
  let runs = 0;
  let smallest = plan;
  const fails = async (candidate: Plan): Promise<boolean> => {
    runs += 1;
    return (await runPlan(candidate, options)).violation?.rule === rule;
  };
  const keep = async (candidate: Plan): Promise<boolean> => {
    if (runs >= RUNS_MAX || !(await fails(candidate))) return false;
    smallest = candidate;
    return true;
  };

  for (let size = Math.ceil(plan.operations.length / 2); size >= 1; size = Math.floor(size / 2)) {
    for (let from = 0; from < smallest.operations.length; ) {
      const operations = smallest.operations.toSpliced(from, size);
      if (!(await keep({ ...smallest, operations }))) from += size;
    }
  }
  for (const name of RATE_NAMES) {
    if (smallest.mix.rates[name] === 0) continue;
    const rates = { ...smallest.mix.rates, [name]: 0 };
    await keep({ ...smallest, mix: { ...smallest.mix, rates } });
  }
  for (let relays = 1; relays < smallest.mix.relays; relays += 1) {
    if (await keep({ ...smallest, mix: { ...smallest.mix, relays } })) break;
  }
  for (let index = 0; index < smallest.operations.length; ) {
    if (!(await keep({ ...smallest, operations: smallest.operations.toSpliced(index, 1) }))) index += 1;
  }
  return { plan: smallest, outcome: await runPlan(smallest, { ...options, keepTrace: true }), runs };
}
