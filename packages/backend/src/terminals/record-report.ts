import type { StatusReport } from '@tillcast/protocol/http/status-api';
import { ASYNCHRONOUS_COMMIT } from '../database/asynchronous-commit.ts';
import type { Database } from '../database/database.ts';
import { command } from '../database/statement.ts';

const RECORD = command(
  'record_report',
  `WITH ${ASYNCHRONOUS_COMMIT}
  INSERT INTO terminals
    (license_id, terminal_id, last_seen_at, epoch, version, digest, unsent_sales, clock_offset_ms)
  SELECT $1, $2::uuid, $3::timestamptz, $4, $5::bigint, $6, $7::integer, $8::double precision
  FROM asynchronous
  ON CONFLICT (license_id, terminal_id) DO UPDATE
  SET last_seen_at = excluded.last_seen_at, epoch = excluded.epoch, version = excluded.version,
    digest = excluded.digest, unsent_sales = excluded.unsent_sales, clock_offset_ms = excluded.clock_offset_ms
  WHERE terminals.public_key IS NULL OR $9::boolean`,
);

/**
 * Keeps what a terminal last said of itself. Not waited for on disk: it says so again within seconds.
 * What a terminal that was activated says counts only where it has proven who it is.
 * @param terminalId a UUID
 */
export async function recordReport(
  database: Database,
  licenseId: number,
  terminalId: string,
  report: StatusReport,
  context: { readonly now: () => Date; readonly isProven?: boolean },
): Promise<void> {
  const now = context.now();
  const { cursor, unsent_sales, clock } = report;
  const clockOffsetMs = new Date(clock).getTime() - now.getTime();
  const position = [cursor?.epoch ?? null, cursor?.version ?? null, cursor?.digest ?? null];
  await database
    .ofLicense(licenseId)
    .query(RECORD, [
      licenseId,
      terminalId,
      now,
      ...position,
      unsent_sales,
      clockOffsetMs,
      context.isProven ?? false,
    ]);
}
