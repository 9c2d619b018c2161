/** What the simulator drives in the place of a whole till. Not an API: nothing that ships imports it. */
export type { MessageKeys } from './identity/message-keys.ts';
export { Counters } from './replica/counters.ts';
export { ReplicaDriver } from './replica/driver.ts';
export type { SignatureCheck } from './replica/incoming.ts';
export { SteadyTime, type TillClock } from './replica/till-clock.ts';
export { type ApplyOutcome, type DescribeChange, TillStore } from './store/till-store.ts';
export { SyncClient } from './sync-client/sync-client.ts';
