/** `npm run sim`: see USAGE. */
import { parseArgs } from 'node:util';
import { describe } from './operation.ts';
import { planOf } from './plan.ts';
import { runPlan } from './run.ts';
import { runSeeds } from './seed-pool.ts';
import { shrink } from './shrink.ts';

const USAGE = `Usage:
  npm run sim -- --seed N [--steps M]              one seed; prints what it does where it breaks a promise
  npm run sim -- --seeds COUNT [--from N] [--steps M] [--workers W]   a range of seeds
The exit code is 0 where every promise was kept.`;

const { values } = parseArgs({
  options: {
    seed: { type: 'string' },
    seeds: { type: 'string' },
    from: { type: 'string', default: '1' },
    steps: { type: 'string' },
    workers: { type: 'string' },
    trace: { type: 'boolean', default: false },
  },
});

/** @throws Error for what is no whole number */
function wholeNumber(text: string, name: string): number {
  if (!/^\d{1,9}$/.test(text)) throw new Error(`--${name} must be a whole number, not ${text}.`);
  return Number(text);
}

const steps = values.steps === undefined ? undefined : wholeNumber(values.steps, 'steps');

async function one(seed: number): Promise<boolean> {
  const plan = planOf(seed, steps === undefined ? {} : { steps });
  const outcome = await runPlan(plan, { keepTrace: values.trace });
  if (values.trace) print(outcome.trace);
  if (outcome.violation === null) {
    print([
      `seed ${seed}: every promise kept (${plan.operations.length} operations, as it should be ${seconds(outcome.convergedAfterMs)} after the last fault, trace ${outcome.fingerprint})`,
    ]);
    return true;
  }
  await explain(seed);
  return false;
}

/** Shrinks a failing seed and prints what is left of it. */
async function explain(seed: number): Promise<void> {
  const plan = planOf(seed, steps === undefined ? {} : { steps });
  const broken = await runPlan(plan);
  const { plan: smallest, outcome, runs } = await shrink(plan, broken);
  const { violation, trace } = outcome;
  const rates = Object.entries(smallest.mix.rates).filter(([, rate]) => rate > 0);
  print([
    `seed ${seed} breaks ${violation?.rule} at ${seconds(violation?.atMs ?? null)}: ${violation?.detail}`,
    `of ${plan.operations.length} operations ${smallest.operations.length} are left after ${runs} runs; faults: ${JSON.stringify(Object.fromEntries(rates))}`,
    ...smallest.operations.map(describe),
    'what happened:',
    ...trace,
  ]);
}

async function range(from: number, count: number): Promise<boolean> {
  const startedAt = performance.now();
  const broken: number[] = [];
  let done = 0;
  const results = await runSeeds({
    from,
    count,
    ...(steps === undefined ? {} : { steps }),
    ...(values.workers === undefined ? {} : { workers: wholeNumber(values.workers, 'workers') }),
    onResult: ({ seed, violation }) => {
      done += 1;
      if (violation !== null) {
        broken.push(seed);
        print([`seed ${seed} breaks ${violation.rule}: ${violation.detail}`]);
      } else if (done % 1_000 === 0) print([`${done} of ${count} seeds`]);
      return broken.length >= 10;
    },
  });
  const slowest = Math.max(0, ...results.map(({ convergedAfterMs }) => convergedAfterMs ?? 0));
  const busiest = Math.max(0, ...results.map(({ requestsMax }) => requestsMax));
  print([
    `${results.length} seeds from ${from} in ${seconds(performance.now() - startedAt)}: ${broken.length} break a promise; ` +
      `at most ${seconds(slowest)} until all was as it should be, at most ${busiest} questions of a till within 10 s`,
  ]);
  const [first] = broken.toSorted((a, b) => a - b);
  if (first !== undefined) await explain(first);
  return broken.length === 0;
}

function seconds(ms: number | null): string {
  return ms === null ? '–' : `${(ms / 1_000).toFixed(1)} s`;
}

function print(lines: readonly string[]): void {
  process.stdout.write(`${lines.join('\n')}\n`);
}

async function main(): Promise<boolean> {
  if (values.seed !== undefined) return one(wholeNumber(values.seed, 'seed'));
  if (values.seeds !== undefined) {
    return range(wholeNumber(values.from, 'from'), wholeNumber(values.seeds, 'seeds'));
  }
  print([USAGE]);
  return false;
}

process.exitCode = (await main()) ? 0 : 1;
