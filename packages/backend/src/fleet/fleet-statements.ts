import {
  FLEET_LICENSES_MAX,
  type FleetCounts,
  type LicenseFleet,
  PENDING_MAX,
  SILENT_AFTER_MS,
  TILL_STANDINGS,
  type TillBehind,
  type TillStanding,
} from '@tillcast/protocol/http/fleet-api';
import type { LicenseKey } from '@tillcast/protocol/license-key';
import type { Session } from '../database/database.ts';
import {
  booleanColumn,
  type Column,
  checkedColumn,
  instantColumn,
  integerColumn,
  nullable,
  statement,
  textColumn,
} from '../database/statement.ts';
import { licenseKeyColumn } from '../licenses/license.ts';
import { CLONED_FOR_MS } from './judge-instance.ts';

/**
 * The tills that count, each with its standing: those that were activated and are not revoked, and those that named
 * themselves within a day. $1 is the time; $2 a license's key, or null for all that are active.
 */
const TILLS = `
  SELECT t.terminal_id, t.license_id, l.key, t.name, t.epoch, t.version, t.last_seen_at, t.unsent_sales,
    c.epoch AS license_epoch, c.version AS license_version,
    coalesce(t.cloned_at > $1::timestamptz - interval '${CLONED_FOR_MS} ms', false) AS cloned,
    CASE
      WHEN coalesce(t.last_seen_at < $1::timestamptz - interval '${SILENT_AFTER_MS} ms', true) THEN 'silent'
      WHEN t.epoch IS DISTINCT FROM c.epoch OR t.version < c.version THEN 'behind'
      WHEN t.version > c.version OR t.digest <> c.digest THEN 'differs'
      ELSE 'current'
    END AS standing
  FROM terminals t
  JOIN licenses l ON l.id = t.license_id
  JOIN catalogs c ON c.license_id = t.license_id
  WHERE t.revoked_at IS NULL
    AND (t.public_key IS NOT NULL OR t.last_seen_at > $1::timestamptz - interval '1 day')
    AND CASE
      WHEN $2::text IS NULL THEN l.status = 'active' AND (l.valid_until IS NULL OR l.valid_until > $1::timestamptz)
      ELSE l.key = $2::text
    END`;

const COUNTS = `count(*)::integer AS terminals,
    count(*) FILTER (WHERE standing = 'current')::integer AS current,
    count(*) FILTER (WHERE standing = 'behind')::integer AS behind,
    count(*) FILTER (WHERE standing = 'differs')::integer AS differs,
    count(*) FILTER (WHERE standing = 'silent')::integer AS silent,
    count(*) FILTER (WHERE cloned)::integer AS cloned`;

const COUNT_COLUMNS: { readonly [K in keyof FleetCounts]: Column<number> } = {
  terminals: integerColumn,
  current: integerColumn,
  behind: integerColumn,
  differs: integerColumn,
  silent: integerColumn,
  cloned: integerColumn,
};

type Totals = FleetCounts & { readonly unsent_sales: number };

const COUNT_FLEET = statement<Totals>(
  'count_fleet',
  `SELECT ${COUNTS}, coalesce(sum(unsent_sales), 0)::integer AS unsent_sales FROM (${TILLS}) tills`,
  { ...COUNT_COLUMNS, unsent_sales: integerColumn },
);

/** All tills, counted by their standing. @param license null: of all that are active */
export async function countFleet(session: Session, at: Date, license: LicenseKey | null): Promise<Totals> {
  const [totals] = await session.query(COUNT_FLEET, [at, license]);
  if (totals === undefined) throw new Error('A count without a row.');
  return totals;
}

const COUNT_LICENSES = statement<LicenseFleet>(
  'count_license_fleets',
  `SELECT key AS license_key, license_version AS version, ${COUNTS}
  FROM (${TILLS}) tills
  GROUP BY key, license_version
  HAVING $2::text IS NOT NULL OR count(*) FILTER (WHERE standing <> 'current' OR cloned) > 0
  ORDER BY differs DESC, behind DESC, silent DESC, key
  LIMIT ${FLEET_LICENSES_MAX}`,
  { license_key: licenseKeyColumn, version: integerColumn, ...COUNT_COLUMNS },
);

/** The same by license: those some of whose tills are not current, the worst first. */
export function countLicenseFleets(
  session: Session,
  at: Date,
  license: LicenseKey | null,
): Promise<readonly LicenseFleet[]> {
  return session.query(COUNT_LICENSES, [at, license]);
}

interface TillRow extends Omit<TillBehind, 'last_seen_at'> {
  readonly lastSeenAt: Date | null;
}

const TILL = `terminal_id, key AS license_key, name, standing, version, license_version,
    CASE WHEN epoch = license_epoch THEN greatest(0, license_version - version) END AS behind,
    last_seen_at AS "lastSeenAt", cloned`;

const TILL_COLUMNS: { readonly [K in keyof TillRow]: Column<TillRow[K]> } = {
  terminal_id: textColumn,
  license_key: licenseKeyColumn,
  name: textColumn,
  standing: checkedColumn('a standing', (value): value is TillStanding =>
    (TILL_STANDINGS as readonly unknown[]).includes(value),
  ),
  version: nullable(integerColumn),
  license_version: integerColumn,
  behind: nullable(integerColumn),
  lastSeenAt: nullable(instantColumn),
  cloned: booleanColumn,
};

// A till that differs is worse than one that lags, and one that speaks is worse off than one that is switched off.
const LIST_BEHIND = statement<TillRow>(
  'list_tills_behind',
  `SELECT ${TILL} FROM (${TILLS}) tills
  WHERE standing <> 'current' OR cloned
  ORDER BY array_position(ARRAY['differs', 'current', 'behind', 'silent'], standing::text),
    behind DESC NULLS FIRST, last_seen_at DESC NULLS LAST, terminal_id
  LIMIT $3::integer`,
  TILL_COLUMNS,
);

/** The tills that are not current, or cloned, the worst first. */
export async function listTillsBehind(
  session: Session,
  at: Date,
  license: LicenseKey | null,
  limit: number,
): Promise<readonly TillBehind[]> {
  return (await session.query(LIST_BEHIND, [at, license, limit])).map(tillOf);
}

interface HavingIt {
  readonly terminals: number;
  readonly haveIt: number;
}

// What a change left behind is told by what the tills hold: at version 0 there is nothing to hold.
const HAS_IT = `epoch = license_epoch AND version >= $3::bigint`;

const COUNT_HAVING = statement<HavingIt>(
  'count_tills_having',
  `SELECT count(*)::integer AS terminals, (count(*) FILTER (WHERE ${HAS_IT}))::integer AS "haveIt"
  FROM (${TILLS}) tills`,
  { terminals: integerColumn, haveIt: integerColumn },
);

/** How many tills of a license there are, and how many of them hold a version or a later one. */
export async function countTillsHaving(
  session: Session,
  at: Date,
  license: LicenseKey,
  version: number,
): Promise<HavingIt> {
  const [counted] = await session.query(COUNT_HAVING, [at, license, version]);
  return counted ?? { terminals: 0, haveIt: 0 };
}

const LIST_LACKING = statement<TillRow>(
  'list_tills_lacking',
  `SELECT ${TILL} FROM (${TILLS}) tills
  WHERE (${HAS_IT}) IS NOT TRUE
  ORDER BY standing = 'silent', last_seen_at DESC NULLS LAST, terminal_id
  LIMIT ${PENDING_MAX}`,
  TILL_COLUMNS,
);

/** The tills of a license that do not hold a version yet: those that speak first. */
export async function listTillsLacking(
  session: Session,
  at: Date,
  license: LicenseKey,
  version: number,
): Promise<readonly TillBehind[]> {
  return (await session.query(LIST_LACKING, [at, license, version])).map(tillOf);
}

function tillOf({ lastSeenAt, ...till }: TillRow): TillBehind {
  return { ...till, last_seen_at: lastSeenAt?.toISOString() ?? null };
}
