export { memoryChangeLog } from './memory-change-log.ts';
export { MemoryDatabase } from './memory-database.ts';
export { describe } from './operation.ts';
export { type Plan, planOf } from './plan.ts';
export { CONVERGENCE_BOUND_MS, type Outcome, runPlan } from './run.ts';
