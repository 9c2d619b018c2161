import { type ChangeMessage, encodeChange } from '@tillcast/protocol/messages/envelope';
import { uuidv7 } from 'uuidv7';
import type { Session } from '../database/database.ts';
import { packed, unpackedSql } from '../database/packed.ts';
import { command, integerColumn, statement } from '../database/statement.ts';
import type { MessageSigner } from '../keys/key-ring.ts';
import { CHANGES_CHANNEL, encodeNotice } from '../relay/channels.ts';
import { shardOf } from '../relay/shard.ts';
import type { Head } from './head.ts';
import type { ChangeContent } from './message-of.ts';
import type { ItemRow } from './plan-commit.ts';

/** A change as the log keeps it: `message` is the whole body that goes out, `signature` what speaks for it. */
export interface Change extends Omit<ChangeMessage, 'payload' | 'license_key' | 'timestamp'> {
  readonly message: string;
  readonly signature: string;
  readonly committedAt: Date;
}

/** Everything that one numbered change writes. */
export interface ChangeWrite {
  readonly change: Change;
  readonly rows: readonly ItemRow[];
  readonly liveItemsAdded: number;
}

/** Rows written in one round trip. */
const CHUNK_SIZE = 5_000;

const WRITTEN_ROWS = `
  ON CONFLICT (license_id, kind, id) DO UPDATE
  SET version = excluded.version, deleted_at = excluded.deleted_at, body = excluded.body, digest = excluded.digest`;

// Counter, rows and log in one statement, so in one transaction and one round trip. The counter's update is
// what all else hangs on: where the head is no longer the one that was planned on, nothing is written.
const WRITE_CHANGE = statement<{ version: number }>(
  'write_change',
  `WITH head AS (
    UPDATE catalogs
    SET version = version + 1, digest = $4, live_items = live_items + $5
    WHERE license_id = $1 AND epoch = $2 AND version = $3
    RETURNING license_id, version
  ), written AS (
    INSERT INTO items (license_id, kind, id, version, deleted_at, body, digest)
    SELECT head.license_id, w.kind, w.id, head.version, CASE WHEN w.body IS NULL THEN $6::timestamptz END,
      w.body, w.digest
    FROM head, unnest(${unpackedSql('$10')}, ${unpackedSql('$11')}, ${unpackedSql('$12')}, ${unpackedSql('$13')})
      AS w (kind, id, body, digest)
    ${WRITTEN_ROWS}
  ), logged AS (
    INSERT INTO changes (license_id, version, id, type, digest, message, signature, committed_at)
    SELECT license_id, version, $7, $8, $4, $9, $15, $6::timestamptz FROM head
  ), told AS MATERIALIZED (
    SELECT pg_notify('${CHANGES_CHANNEL}', $14) FROM head
  )
  SELECT head.version FROM head, told`,
  { version: integerColumn },
);

const WRITE_ITEMS = command(
  'write_items',
  `INSERT INTO items (license_id, kind, id, version, deleted_at, body, digest)
  SELECT $1, w.kind, w.id, $2, CASE WHEN w.body IS NULL THEN $3::timestamptz END, w.body, w.digest
  FROM unnest(${unpackedSql('$4')}, ${unpackedSql('$5')}, ${unpackedSql('$6')}, ${unpackedSql('$7')})
    AS w (kind, id, body, digest)
  ${WRITTEN_ROWS}`,
);

/** The change that comes after a head, signed. @param newId a UUID that no other change has */
export function changeOf(
  head: Head,
  content: ChangeContent & { readonly digest: string; readonly committedAt: Date },
  signer: MessageSigner,
  newId: () => string = uuidv7,
): Change {
  const { type, digest, committedAt } = content;
  const id = newId();
  const { epoch } = head;
  const version = head.version + 1;
  const timestamp = committedAt.toISOString();
  const message = encodeChange(
    { id, type, license_key: head.licenseKey, epoch, version, digest, timestamp },
    content.payload,
  );
  const at = { epoch, version, digest };
  const signature = signer.sign({ license_key: head.licenseKey, at }, message);
  return { id, type, epoch, version, digest, committedAt, message, signature };
}

/**
 * Writes a change: rows, counter, log, and the relays' notification.
 * @returns false, having written nothing, when the catalog no longer stands at this head. Within a transaction
 *   that has locked the head, that cannot be.
 */
export async function writeChange(
  session: Pick<Session, 'query'>,
  head: Head,
  write: ChangeWrite,
): Promise<boolean> {
  const { change, rows, liveItemsAdded } = write;
  const { id, type, digest, message, signature, committedAt } = change;
  const { licenseId, licenseKey, epoch } = head;
  const values = [licenseId, epoch, head.version, digest, liveItemsAdded, committedAt];
  const notice = encodeNotice({ licenseId, shard: shardOf(licenseKey), version: change.version });
  const log = [id, type, message, ...packedRows(rows), notice, signature];
  const written = await session.query(WRITE_CHANGE, [...values, ...log]);
  return written.length > 0;
}

/** Writes many rows in chunks; the change itself then goes by writeChange without rows. The head must be locked. */
export async function writeItems(
  session: Session,
  head: Head,
  change: Change,
  rows: readonly ItemRow[],
): Promise<void> {
  for (let start = 0; start < rows.length; start += CHUNK_SIZE) {
    const chunk = packedRows(rows.slice(start, start + CHUNK_SIZE));
    await session.query(WRITE_ITEMS, [head.licenseId, change.version, change.committedAt, ...chunk]);
  }
}

function packedRows(rows: readonly ItemRow[]): [string, string, string, string] {
  return [
    packed(rows.map(({ kind }) => kind)),
    packed(rows.map(({ id }) => id)),
    packed(rows.map(({ body }) => body)),
    packed(rows.map(({ digest }) => digest)),
  ];
}
