import { ASYNCHRONOUS_COMMIT } from '../database/asynchronous-commit.ts';
import type { Session } from '../database/database.ts';
import {
  booleanColumn,
  command,
  integerColumn,
  nullable,
  statement,
  textColumn,
} from '../database/statement.ts';
import type { SeenShard } from './change-log.ts';

const END_OF_LEASE = "clock_timestamp() + $2 * interval '1 millisecond'";

// Says that this relay lives, renews its leases that have not lapsed, and reads all. The read sees the rows
// as they were before, so a renewed lease is taken from the renewal itself.
const RENEW = statement<SeenShard>(
  'renew_leases',
  `WITH ${ASYNCHRONOUS_COMMIT}, seen AS (
    INSERT INTO relays (id, seen_until)
    SELECT $1::uuid, ${END_OF_LEASE} FROM asynchronous
    ON CONFLICT (id) DO UPDATE SET seen_until = excluded.seen_until
  ), renewed AS (
    UPDATE relay_shards SET lease_until = ${END_OF_LEASE}
    WHERE shard = ANY ($3::smallint[]) AND owner = $1::uuid AND lease_until > clock_timestamp()
    RETURNING shard
  )
  SELECT s.shard, s.owner,
    s.owner IS NOT NULL AND s.lease_until > clock_timestamp()
      AND (s.owner <> $1::uuid OR r.shard IS NOT NULL) AS leased,
    CASE WHEN s.owner IS NULL THEN 0
      ELSE greatest(0, ceil(1000 * extract(epoch FROM s.lease_until - clock_timestamp())))::integer
    END AS "lapsesInMs",
    1 + (SELECT count(*) FROM relays WHERE id <> $1::uuid AND seen_until > clock_timestamp()) AS relays
  FROM relay_shards s LEFT JOIN renewed r ON r.shard = s.shard
  ORDER BY s.shard`,
  {
    shard: integerColumn,
    owner: nullable(textColumn),
    leased: booleanColumn,
    lapsesInMs: integerColumn,
    relays: integerColumn,
  },
);

// Of two that claim at once, the second waits for the first and then finds the lease in force.
const CLAIM = statement<{ shard: number }>(
  'claim_shards',
  `WITH ${ASYNCHRONOUS_COMMIT}, free AS (
    SELECT shard FROM relay_shards
    WHERE shard = ANY ($3::smallint[]) AND (owner IS NULL OR owner = $1::uuid OR lease_until <= clock_timestamp())
    ORDER BY shard
    FOR UPDATE
  )
  UPDATE relay_shards s SET owner = $1::uuid, lease_until = ${END_OF_LEASE}
  FROM free, asynchronous
  WHERE s.shard = free.shard
  RETURNING s.shard`,
  { shard: integerColumn },
);

const RELEASE = command(
  'release_shards',
  'UPDATE relay_shards SET owner = NULL WHERE shard = ANY ($2::smallint[]) AND owner = $1::uuid',
);

const LEAVE = command(
  'delete_relays',
  `DELETE FROM relays WHERE id = $1::uuid OR seen_until < clock_timestamp() - interval '1 hour'`,
);

/** Says that the relay lives, renews the leases it still has on `held`, and reads where all shards are. */
export function renewLeases(
  session: Session,
  relayId: string,
  leaseMs: number,
  held: readonly number[],
): Promise<readonly SeenShard[]> {
  return session.query(RENEW, [relayId, leaseMs, held]);
}

/** Takes those of the shards that are free, and gives them. */
export async function claimShards(
  session: Session,
  relayId: string,
  leaseMs: number,
  wanted: readonly number[],
): Promise<readonly number[]> {
  const rows = await session.query(CLAIM, [relayId, leaseMs, wanted]);
  return rows.map(({ shard }) => shard);
}

/** Gives shards back at once; the caller publishes nothing of them any more. */
export async function releaseShards(
  session: Session,
  relayId: string,
  shards: readonly number[],
): Promise<void> {
  await session.query(RELEASE, [relayId, shards]);
}

/** Takes a relay off the list, and such as went without a word. */
export async function deleteRelay(session: Session, relayId: string): Promise<void> {
  await session.query(LEAVE, [relayId]);
}
