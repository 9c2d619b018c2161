import type { StatusReport } from '@tillcast/protocol/http/status-api';
import { ASYNCHRONOUS_COMMIT } from '../database/asynchronous-commit.ts';
import type { Session } from '../database/database.ts';
import {
  type Column,
  command,
  instantColumn,
  integerColumn,
  nullable,
  type Statement,
  statement,
  textColumn,
} from '../database/statement.ts';
import type { HeardInstance } from './judge-instance.ts';

/** A terminal's report, as it came. */
export interface ReceivedReport {
  readonly licenseId: number;
  /** A UUID. */
  readonly terminalId: string;
  /** What a terminal that was activated says counts only where it has proven who it is. */
  readonly isProven: boolean;
  readonly at: Date;
  readonly report: StatusReport;
}

/** What was known of a terminal until a report was written. */
export interface WrittenReport {
  readonly licenseId: number;
  readonly terminalId: string;
  readonly epoch: string | null;
  readonly version: number | null;
  readonly instanceId: string | null;
  readonly instanceStarts: number | null;
  readonly instanceRuns: readonly string[];
  readonly clonedAt: Date | null;
}

/** Ids with blanks between. */
const idsColumn: Column<readonly string[]> = (value, column) =>
  textColumn(value, column)
    .split(' ')
    .filter((id) => id !== '');

const INSTANCE_COLUMNS = {
  instanceId: nullable(textColumn),
  instanceStarts: nullable(integerColumn),
  instanceRuns: idsColumn,
  clonedAt: nullable(instantColumn),
};

// Locked in one order, so that two backends never wait for each other.
const WRITE = statement<WrittenReport>(
  'write_reports',
  `WITH ${ASYNCHRONOUS_COMMIT}, given AS (
    SELECT * FROM unnest(
      $1::integer[], $2::uuid[], $3::timestamptz[], $4::text[], $5::bigint[], $6::text[], $7::integer[],
      $8::double precision[], $9::text[], $10::boolean[]
    ) AS g (license_id, terminal_id, at, epoch, version, digest, unsent_sales, clock_offset_ms, state, is_proven)
  ), before AS (
    SELECT t.* FROM terminals t JOIN given USING (license_id, terminal_id)
    ORDER BY t.license_id, t.terminal_id FOR NO KEY UPDATE OF t
  ), written AS (
    INSERT INTO terminals
      (license_id, terminal_id, last_seen_at, epoch, version, digest, unsent_sales, clock_offset_ms, state)
    SELECT license_id, terminal_id, g.at, g.epoch, g.version, g.digest, g.unsent_sales, g.clock_offset_ms, g.state
    FROM asynchronous CROSS JOIN given g LEFT JOIN before b USING (license_id, terminal_id)
    WHERE b.public_key IS NULL OR g.is_proven
    ORDER BY license_id, terminal_id
    ON CONFLICT (license_id, terminal_id) DO UPDATE
    SET last_seen_at = excluded.last_seen_at, epoch = excluded.epoch, version = excluded.version,
      digest = excluded.digest, unsent_sales = excluded.unsent_sales,
      clock_offset_ms = excluded.clock_offset_ms, state = excluded.state
    RETURNING license_id, terminal_id
  )
  SELECT license_id AS "licenseId", terminal_id AS "terminalId", b.epoch, b.version,
    b.instance_id AS "instanceId", b.instance_starts AS "instanceStarts",
    coalesce(b.instance_runs, '') AS "instanceRuns", b.cloned_at AS "clonedAt"
  FROM written LEFT JOIN before b USING (license_id, terminal_id)`,
  {
    licenseId: integerColumn,
    terminalId: textColumn,
    epoch: nullable(textColumn),
    version: nullable(integerColumn),
    ...INSTANCE_COLUMNS,
  },
);

/**
 * Keeps what terminals last said of themselves, each of them once. Not waited for on disk: they say so again
 * within seconds.
 * @returns what was known before, of those whose report counts
 */
export async function writeReports(
  session: Session,
  reports: readonly ReceivedReport[],
): Promise<readonly WrittenReport[]> {
  const of = <T>(pick: (report: ReceivedReport) => T): readonly T[] => reports.map(pick);
  return session.query(WRITE, [
    of(({ licenseId }) => licenseId),
    of(({ terminalId }) => terminalId),
    of(({ at }) => at.toISOString()),
    of(({ report }) => report.cursor?.epoch ?? null),
    of(({ report }) => report.cursor?.version ?? null),
    of(({ report }) => report.cursor?.digest ?? null),
    of(({ report }) => report.unsent_sales),
    of(({ at, report }) => Date.parse(report.clock) - at.getTime()),
    of(({ report }) => report.state ?? null),
    of(({ isProven }) => isProven),
  ]);
}

type InstanceRow = Pick<WrittenReport, 'instanceId' | 'instanceStarts' | 'instanceRuns' | 'clonedAt'>;

const LOCK_INSTANCE: Statement<InstanceRow> = statement<InstanceRow>(
  'lock_instance',
  `SELECT instance_id AS "instanceId", instance_starts AS "instanceStarts", instance_runs AS "instanceRuns",
    cloned_at AS "clonedAt"
  FROM terminals WHERE license_id = $1 AND terminal_id = $2::uuid FOR NO KEY UPDATE`,
  INSTANCE_COLUMNS,
);

const WRITE_INSTANCE = command(
  'write_instance',
  `UPDATE terminals SET instance_id = $3::uuid, instance_starts = $4, instance_runs = $5, cloned_at = $6
  WHERE license_id = $1 AND terminal_id = $2::uuid`,
);

/** Which copy of a terminal's data was heard last; null: none. Until the transaction ends, nobody else changes that. */
export async function lockInstance(
  session: Session,
  licenseId: number,
  terminalId: string,
): Promise<HeardInstance | null> {
  const [row] = await session.query(LOCK_INSTANCE, [licenseId, terminalId]);
  return row === undefined ? null : heardOf(row);
}

export async function writeInstance(
  session: Session,
  licenseId: number,
  terminalId: string,
  { id, starts, runs, clonedAt }: HeardInstance,
): Promise<void> {
  await session.query(WRITE_INSTANCE, [licenseId, terminalId, id, starts, runs.join(' '), clonedAt]);
}

/** The copy that spoke last, in a row; null where none did. */
export function heardOf(row: InstanceRow): HeardInstance | null {
  const { instanceId: id, instanceStarts: starts, instanceRuns: runs, clonedAt } = row;
  return id === null || starts === null ? null : { id, starts, runs, clonedAt };
}
