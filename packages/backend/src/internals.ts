/** What the simulator drives in the place of a whole backend. Not an API: nothing that ships imports it. */
export {
  type ActiveNotice,
  ActiveNotices,
  type KeptBroadcasts,
} from './broadcasts/active-notices.ts';
export { broadcastOf, type NewBroadcast } from './broadcasts/create-broadcast.ts';
export { type ChangeContent, messageOf } from './catalog/message-of.ts';
export { type PagePosition, pageToken, parsePageToken } from './catalog/page-token.ts';
export { type ItemRow, itemRef, planCommit } from './catalog/plan-commit.ts';
export { operationPointer, type PreparedOperation, prepareOperations } from './catalog/prepare.ts';
export { waitingChangeOf } from './catalog/waiting-change.ts';
export { wireRowText } from './catalog/wire-row.ts';
export { type Change, changeOf } from './catalog/write-change.ts';
export type { Database, Session, Transaction } from './database/database.ts';
export { openDatabase } from './database/open-database.ts';
export type { RawRow, SqlValue } from './database/statement.ts';
export {
  type HeardInstance,
  isCloned,
  isSameRun,
  judgeInstance,
} from './fleet/judge-instance.ts';
export type { MessageSigner } from './keys/key-ring.ts';
export type { LicenseState } from './licenses/license.ts';
export { standingOf } from './licenses/standing.ts';
export type {
  Backlog,
  ChangeLog,
  ChangeLogListener,
  Progress,
  ReadBounds,
  SeenShard,
  WaitingBroadcast,
  WaitingChange,
} from './relay/change-log.ts';
export type { ChangeNotice } from './relay/channels.ts';
export { outgoingBroadcast } from './relay/outgoing.ts';
export { Relay } from './relay/relay.ts';
export type { RelayPublisher } from './relay/relay-options.ts';
export { BROADCAST_SHARD, SHARD_COUNT, shardOf } from './relay/shard.ts';
export { takeSales } from './sales/take-sales.ts';
export { AnswerCache, type AskedContent, type Keeping, type LoadedAnswer } from './sync-api/answer-cache.ts';
export { type Credentials, LicenseGate } from './sync-api/license-gate.ts';
export {
  deltaBody,
  digestsBody,
  fullDataBody,
  rowDigestsBody,
  rowsBody,
  syncHead,
} from './sync-api/sync-bodies.ts';
export { cacheKey } from './sync-api/sync-routes.ts';
