/** What simulator and storm drive in the place of a whole till. Not an API: nothing that ships imports it. */
export { askMessageKeys } from './identity/ask-message-keys.ts';
export { KeptMessageKeys, type MessageKeys } from './identity/message-keys.ts';
export { newTillKey, pemOf, type TillKey, tillKeyOfPem } from './identity/till-key.ts';
export { TOKEN_REFUSED_BACKOFF, TokenCredentials } from './identity/token-credentials.ts';
export { countStart, INSTANCE_FILE } from './instance.ts';
export { RenewableLine } from './renewable-line.ts';
export { Counters } from './replica/counters.ts';
export { ReplicaDriver } from './replica/driver.ts';
export type { SignatureCheck } from './replica/incoming.ts';
export { SteadyTime, systemTillClock, type TillClock } from './replica/till-clock.ts';
export { openSales } from './sales/open-sales.ts';
export { afterBatch, NEW_OUTBOX, type OutboxState, type Sent } from './sales/outbox-plan.ts';
export { SalesFile } from './sales/sales-file.ts';
export type { ShownSales } from './sales/till-sales.ts';
export { CATALOG_FILE } from './store/open-catalog.ts';
export { type ApplyOutcome, type DescribeChange, TillStore } from './store/till-store.ts';
export { SyncClient } from './sync-client/sync-client.ts';
export { TillView } from './till-view.ts';
