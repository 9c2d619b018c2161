import type { LicenseStatus } from '@tillcast/protocol/http/admin-api';
import type { LicenseKey } from '@tillcast/protocol/license-key';
import type { Session } from '../database/database.ts';
import { instantColumn, integerColumn, nullable, statement, textColumn } from '../database/statement.ts';
import { licenseKeyColumn, licenseStatusColumn } from '../licenses/license.ts';

/** What a code may open: the license's own, or a seat that waits for its new machine. */
export interface ActivationDoor {
  readonly licenseId: number;
  readonly codeHash: string | null;
  readonly seatId: string | null;
  readonly seatCodeHash: string | null;
  /** The thumbprint of the key that has taken the seat; null while it waits. */
  readonly seatUsedByKey: string | null;
}

const FIND_DOORS = statement<ActivationDoor>(
  'find_activation_doors',
  `SELECT l.id AS "licenseId", l.activation_code_hash AS "codeHash", s.id AS "seatId", s.code_hash AS "seatCodeHash",
    s.used_by_key AS "seatUsedByKey"
  FROM licenses l LEFT JOIN seat_codes s ON s.license_id = l.id AND s.expires_at > $2
  WHERE l.key = $1`,
  {
    licenseId: integerColumn,
    codeHash: nullable(textColumn),
    seatId: nullable(textColumn),
    seatCodeHash: nullable(textColumn),
    seatUsedByKey: nullable(textColumn),
  },
);

/** A license as an activation finds it, locked. */
export interface LockedLicense {
  readonly key: LicenseKey;
  readonly status: LicenseStatus;
  readonly validUntil: Date | null;
  readonly terminalsMax: number;
  readonly codeHash: string | null;
}

const LOCK_LICENSE = statement<LockedLicense>(
  'lock_license',
  `SELECT key, status, valid_until AS "validUntil", terminals_max AS "terminalsMax",
    activation_code_hash AS "codeHash"
  FROM licenses WHERE id = $1 FOR UPDATE`,
  {
    key: licenseKeyColumn,
    status: licenseStatusColumn,
    validUntil: nullable(instantColumn),
    terminalsMax: integerColumn,
    codeHash: nullable(textColumn),
  },
);

const COUNT_SEATS = statement<{ taken: number }>(
  'count_seats',
  `SELECT (
    SELECT count(*) FROM terminals
    WHERE license_id = $1 AND public_key IS NOT NULL AND revoked_at IS NULL
  ) + (
    SELECT count(*) FROM seat_codes WHERE license_id = $1 AND used_by_key IS NULL AND expires_at > $2
  ) AS taken`,
  { taken: integerColumn },
);

const TAKE_SEAT = statement<{ name: string }>(
  'take_seat',
  `UPDATE seat_codes SET used_by_key = $4
  WHERE license_id = $1 AND id = $2::uuid AND used_by_key IS NULL AND expires_at > $3
  RETURNING name`,
  { name: textColumn },
);

const INSERT_TERMINAL = statement<{ terminalId: string }>(
  'insert_terminal',
  `INSERT INTO terminals (license_id, terminal_id, name, public_key, activated_at)
  VALUES ($1, $2::uuid, $3, $4, $5)
  ON CONFLICT DO NOTHING
  RETURNING terminal_id AS "terminalId"`,
  { terminalId: textColumn },
);

const FIND_TERMINAL_OF_KEY = statement<{ terminalId: string; name: string }>(
  'find_terminal_of_key',
  `SELECT terminal_id AS "terminalId", name FROM terminals
  WHERE license_id = $1 AND public_key = $2 AND revoked_at IS NULL`,
  { terminalId: textColumn, name: textColumn },
);

type Queries = Pick<Session, 'query'>;

/** A license's doors: a row for each seat whose code has not expired, one at least; none where there is no license. */
export function findActivationDoors(
  session: Queries,
  key: LicenseKey,
  now: Date,
): Promise<readonly ActivationDoor[]> {
  return session.query(FIND_DOORS, [key, now]);
}

/** Locks a license until the transaction ends, so that its seats are counted by one at a time. */
export async function lockLicense(session: Queries, licenseId: number): Promise<LockedLicense | null> {
  const [locked] = await session.query(LOCK_LICENSE, [licenseId]);
  return locked ?? null;
}

/** How many of a license's terminals are active, or about to be on a new machine. */
export async function countSeats(session: Queries, licenseId: number, now: Date): Promise<number> {
  const [row] = await session.query(COUNT_SEATS, [licenseId, now]);
  return row?.taken ?? 0;
}

/** The license's terminal that was activated with this key and is not revoked; null where there is none. */
export async function findTerminalOfKey(
  session: Queries,
  licenseId: number,
  publicKey: string,
): Promise<{ readonly terminalId: string; readonly name: string } | null> {
  const [terminal] = await session.query(FIND_TERMINAL_OF_KEY, [licenseId, publicKey]);
  return terminal ?? null;
}

/**
 * Uses a seat's code up: from then on it is good for this key alone, which may ask again.
 * @param key the thumbprint of the key that takes the seat
 * @returns the seat's name; null where it was used or has expired meanwhile
 */
export async function takeSeat(
  session: Queries,
  seat: { readonly licenseId: number; readonly seatId: string; readonly key: string; readonly now: Date },
): Promise<string | null> {
  const { licenseId, seatId, key, now } = seat;
  const [taken] = await session.query(TAKE_SEAT, [licenseId, seatId, now, key]);
  return taken?.name ?? null;
}

/** @returns false where the key, or the id, is another terminal's */
export async function insertTerminal(
  session: Queries,
  terminal: {
    readonly licenseId: number;
    readonly terminalId: string;
    readonly name: string;
    readonly publicKey: string;
    readonly activatedAt: Date;
  },
): Promise<boolean> {
  const { licenseId, terminalId, name, publicKey, activatedAt } = terminal;
  const rows = await session.query(INSERT_TERMINAL, [licenseId, terminalId, name, publicKey, activatedAt]);
  return rows.length > 0;
}
