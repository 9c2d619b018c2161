import type { Mutation } from './mutations.ts';
import type { Violation } from './violation.ts';

/** What a worker is started with. */
export interface WorkerStart {
  /** A protection that is taken out before anything is loaded. */
  readonly mutation: Mutation | null;
}

/** Seeds to be run, one after the other. */
export interface Errand {
  readonly seeds: readonly number[];
  readonly steps: number | null;
}

/** What came of one seed. */
export interface SeedResult {
  readonly seed: number;
  readonly violation: Violation | null;
  readonly fingerprint: string;
  readonly convergedAfterMs: number | null;
  readonly requestsMax: number;
}
