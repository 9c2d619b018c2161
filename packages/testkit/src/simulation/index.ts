export { memoryChangeLog } from './memory-change-log.ts';
export { MemoryDatabase, type MemoryLicense } from './memory-database.ts';
export { CUTS, type Cut, MUTATION_NAMES, type Mutation, withoutText } from './mutations.ts';
export { type Plan, planOf } from './plan.ts';
export { type Outcome, type RunOptions, runPlan } from './run.ts';
export { runSeeds, type SeedPoolOptions } from './seed-pool.ts';
export { type Shrunk, shrink } from './shrink.ts';
export { simulatedSigner } from './signer.ts';
export type { SeedResult } from './worker-messages.ts';
