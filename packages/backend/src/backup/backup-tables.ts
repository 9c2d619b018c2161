/** A table of a backup. */
export interface BackupTable {
  readonly name: string;
  /** Who may read it: the system all of it, or each license its own rows. */
  readonly readBy: 'system' | 'license';
  /** A column whose next value has to be beyond those that are restored. */
  readonly identity?: string;
}

/** What a backup holds, in an order in which rows can be put back: what is referred to comes first. */
export const BACKUP_TABLES: readonly BackupTable[] = [
  { name: 'licenses', readBy: 'system', identity: 'id' },
  { name: 'catalogs', readBy: 'system' },
  { name: 'items', readBy: 'license' },
  { name: 'changes', readBy: 'license' },
  { name: 'publications', readBy: 'system' },
  { name: 'terminals', readBy: 'system' },
  { name: 'seat_codes', readBy: 'system' },
  { name: 'sales', readBy: 'license' },
  { name: 'rejected_sales', readBy: 'license' },
  { name: 'revocations', readBy: 'system', identity: 'id' },
  { name: 'broadcasts', readBy: 'system' },
  { name: 'api_keys', readBy: 'system' },
  { name: 'signing_keys', readBy: 'system' },
  { name: 'audit_log', readBy: 'system' },
  { name: 'audit_head', readBy: 'system' },
];

/** What no backup holds: what running backends agree on among themselves, and what is over in a minute. */
export const TRANSIENT_TABLES: readonly string[] = [
  'schema_migrations',
  'relays',
  'relay_shards',
  'revocation_claims',
  'broker_looks',
  'assertions',
  'deliveries',
];
