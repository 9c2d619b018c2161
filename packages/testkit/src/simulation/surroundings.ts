import type { Rates } from './mix.ts';
import type { Partitions } from './partitions.ts';
import type { Random } from './random.ts';
import type { Scheduler } from './scheduler.ts';
import type { Trace } from './trace.ts';
import type { BrokenRule } from './violation.ts';

/** What every part of a simulated world has around it. */
export interface Surroundings {
  readonly scheduler: Scheduler;
  readonly trace: Trace;
  readonly partitions: Partitions;
  /** As they are at this moment: none any more once the faults have stopped. */
  readonly rates: () => Readonly<Rates>;
  /** Streams of their own are made from it by `fork`. */
  readonly random: Random;
  /** The true wall clock: milliseconds since 1970. */
  readonly wallMs: () => number;
  /** A promise was found broken: the run ends. */
  readonly broken: (rule: BrokenRule, detail: string) => void;
}
