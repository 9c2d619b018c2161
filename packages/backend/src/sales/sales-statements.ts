import type { ErrorCode } from '@tillcast/protocol/errors';
import { type Currency, toMinor } from '@tillcast/protocol/money';
import type { Session } from '../database/database.ts';
import { command, integerColumn, type Statement, statement, textColumn } from '../database/statement.ts';
import type { JudgedSale } from './judge-sale.ts';

/** Who brings sales, and when. */
export interface Bringer {
  readonly licenseId: number;
  /** A UUID. */
  readonly terminalId: string;
  readonly at: Date;
}

type SoldRow = Extract<JudgedSale, { is: 'sale' }>;

// In one order, so that two requests with the same sales never wait for each other.
const INSERT: Statement<{ readonly saleId: string }> = statement<{ readonly saleId: string }>(
  'insert_sales',
  `INSERT INTO sales
    (license_id, terminal_id, sale_id, kind, sold_at, received_at, currency, total_minor, tax_minor, body, body_hash)
  SELECT $1, $2::uuid, sale_id, kind, sold_at, $3::timestamptz, currency, total_minor, tax_minor, body, body_hash
  FROM unnest(
    $4::text[], $5::text[], $6::timestamptz[], $7::text[], $8::bigint[], $9::bigint[], $10::text[], $11::text[]
  ) AS g (sale_id, kind, sold_at, currency, total_minor, tax_minor, body, body_hash)
  ORDER BY sale_id
  ON CONFLICT DO NOTHING
  RETURNING sale_id AS "saleId"`,
  { saleId: textColumn },
);

/** Adds sales of a terminal, each once. @returns the ids of those that were not there yet */
export async function insertSales(
  session: Pick<Session, 'query'>,
  { licenseId, terminalId, at }: Bringer,
  sales: readonly SoldRow[],
): Promise<ReadonlySet<string>> {
  const of = <T>(pick: (row: SoldRow) => T): readonly T[] => sales.map(pick);
  const rows = await session.query(INSERT, [
    licenseId,
    terminalId,
    at.toISOString(),
    of(({ sale }) => sale.id),
    of(({ sale }) => sale.kind),
    of(({ sale }) => sale.sold_at),
    of(({ sale }) => sale.currency),
    of(({ sale }) => toMinor(sale.total, sale.currency)),
    of(({ sale }) => toMinor(sale.tax, sale.currency)),
    of(({ body }) => body),
    of(({ hash }) => hash),
  ]);
  return new Set(rows.map(({ saleId }) => saleId));
}

interface KnownSale {
  readonly saleId: string;
  readonly hash: string;
}

const SELECT_HASHES: Statement<KnownSale> = statement<KnownSale>(
  'select_sale_hashes',
  `SELECT sale_id AS "saleId", body_hash AS "hash" FROM sales
  WHERE license_id = $1 AND terminal_id = $2::uuid AND sale_id = ANY ($3::text[])`,
  { saleId: textColumn, hash: textColumn },
);

/** The hashes of a terminal's sales, by id. */
export async function selectSaleHashes(
  session: Session,
  { licenseId, terminalId }: Bringer,
  saleIds: readonly string[],
): Promise<ReadonlyMap<string, string>> {
  const rows = await session.query(SELECT_HASHES, [licenseId, terminalId, saleIds]);
  return new Map(rows.map(({ saleId, hash }) => [saleId, hash]));
}

/** What is kept of something that was rejected. */
export interface RejectedSale {
  readonly body: string;
  readonly hash: string;
  readonly code: ErrorCode;
  readonly detail: string;
}

const INSERT_REJECTED = command(
  'insert_rejected_sales',
  `INSERT INTO rejected_sales (license_id, terminal_id, body_hash, body, code, detail, received_at)
  SELECT $1, $2::uuid, body_hash, body, code, detail, $3::timestamptz
  FROM unnest($4::text[], $5::text[], $6::text[], $7::text[]) AS g (body_hash, body, code, detail)
  ORDER BY body_hash
  ON CONFLICT DO NOTHING`,
);

/** Keeps what was rejected, each text once. */
export async function insertRejectedSales(
  session: Session,
  { licenseId, terminalId, at }: Bringer,
  rejected: readonly RejectedSale[],
): Promise<void> {
  await session.query(INSERT_REJECTED, [
    licenseId,
    terminalId,
    at.toISOString(),
    rejected.map(({ hash }) => hash),
    rejected.map(({ body }) => body),
    rejected.map(({ code }) => code),
    rejected.map(({ detail }) => detail),
  ]);
}

/** What was sold on a day (UTC) in one currency, in minor units. */
export interface SalesDayRow {
  readonly day: string;
  readonly currency: Currency;
  readonly sales: number;
  readonly refunds: number;
  readonly soldMinor: number;
  readonly refundedMinor: number;
  readonly taxMinor: number;
}

const SELECT_DAYS: Statement<SalesDayRow> = statement<SalesDayRow>(
  'select_sales_days',
  `SELECT to_char(sold_at AT TIME ZONE 'UTC', 'YYYY-MM-DD') AS "day", currency,
    count(*) FILTER (WHERE kind = 'sale') AS "sales",
    count(*) FILTER (WHERE kind = 'refund') AS "refunds",
    coalesce(sum(total_minor) FILTER (WHERE kind = 'sale'), 0)::bigint AS "soldMinor",
    coalesce(sum(total_minor) FILTER (WHERE kind = 'refund'), 0)::bigint AS "refundedMinor",
    sum(CASE kind WHEN 'sale' THEN tax_minor ELSE -tax_minor END)::bigint AS "taxMinor"
  FROM sales
  WHERE license_id = $1 AND sold_at >= $2::timestamptz AND sold_at < $3::timestamptz
  GROUP BY 1, 2 ORDER BY 1, 2`,
  {
    day: textColumn,
    currency: (value, column) => textColumn(value, column) as Currency,
    sales: integerColumn,
    refunds: integerColumn,
    soldMinor: integerColumn,
    refundedMinor: integerColumn,
    taxMinor: integerColumn,
  },
);

/** Sums by day and currency, from an instant until before another. */
export function selectSalesDays(
  session: Session,
  licenseId: number,
  from: Date,
  until: Date,
): Promise<readonly SalesDayRow[]> {
  return session.query(SELECT_DAYS, [licenseId, from.toISOString(), until.toISOString()]);
}
