import { LICENSE_STATUSES, type License, type LicenseStatus } from '@tillcast/protocol/http/admin-api';
import { isLicenseKey, type LicenseKey, type LicenseTerm } from '@tillcast/protocol/license-key';
import {
  type Column,
  checkedColumn,
  instantColumn,
  integerColumn,
  nullable,
  textColumn,
} from '../database/statement.ts';

/** A license, and where its catalog stands. */
export interface LicenseState {
  readonly id: number;
  readonly key: LicenseKey;
  readonly name: string;
  readonly term: LicenseTerm;
  readonly status: LicenseStatus;
  /** The first moment at which it is no longer valid; null for no end. */
  readonly validUntil: Date | null;
  readonly createdAt: Date;
  readonly epoch: string;
  readonly version: number;
  readonly digest: string;
  /** How many of its changes the broker has confirmed. */
  readonly publishedVersion: number;
  /** Live items. */
  readonly items: number;
  /** How many terminals may be active at once. */
  readonly terminalsMax: number;
  readonly terminalsActive: number;
  /** Ids of terminals that were revoked so lately that one of their tokens may still live. */
  readonly revokedTerminals: readonly string[];
}

/** A license as the admin API shows it. */
export function licenseAnswer(state: LicenseState): License {
  const { key, name, term, status, validUntil, createdAt, epoch, version, digest, items } = state;
  return {
    key,
    name,
    term,
    status,
    valid_until: validUntil?.toISOString() ?? null,
    created_at: createdAt.toISOString(),
    epoch,
    version,
    digest,
    published_version: state.publishedVersion,
    items,
    terminals_max: state.terminalsMax,
    terminals_active: state.terminalsActive,
  };
}

const TERMS: readonly unknown[] = ['LIFE', '1MTR', '3MTR', 'OTHER'] satisfies LicenseTerm[];

export const licenseKeyColumn: Column<LicenseKey> = checkedColumn('a license key', isLicenseKey);

export const licenseStatusColumn: Column<LicenseStatus> = checkedColumn(
  'a status',
  (value): value is LicenseStatus => (LICENSE_STATUSES as readonly unknown[]).includes(value),
);

const termColumn: Column<LicenseTerm> = checkedColumn('a term', (value): value is LicenseTerm =>
  TERMS.includes(value),
);

/** Ids with blanks between. */
const idsColumn: Column<readonly string[]> = (value, column) =>
  textColumn(value, column)
    .split(' ')
    .filter((id) => id !== '');

/** The columns of LicenseState. */
export const LICENSE_COLUMNS: { readonly [K in keyof LicenseState]: Column<LicenseState[K]> } = {
  id: integerColumn,
  key: licenseKeyColumn,
  name: textColumn,
  term: termColumn,
  status: licenseStatusColumn,
  validUntil: nullable(instantColumn),
  createdAt: instantColumn,
  epoch: textColumn,
  version: integerColumn,
  digest: textColumn,
  publishedVersion: integerColumn,
  items: integerColumn,
  terminalsMax: integerColumn,
  terminalsActive: integerColumn,
  revokedTerminals: idsColumn,
};

/** Selects the columns of LicenseState; what follows is a WHERE or ORDER BY on `l`. */
export const SELECT_LICENSE = `
  SELECT l.id, l.key, l.name, l.term, l.status, l.valid_until AS "validUntil", l.created_at AS "createdAt",
    c.epoch, c.version, c.digest, p.published_version AS "publishedVersion", c.live_items AS items,
    l.terminals_max AS "terminalsMax", (
      SELECT count(*) FROM terminals t
      WHERE t.license_id = l.id AND t.public_key IS NOT NULL AND t.revoked_at IS NULL
    ) AS "terminalsActive", (
      SELECT coalesce(string_agg(t.terminal_id::text, ' '), '') FROM terminals t
      WHERE t.license_id = l.id AND t.revoked_at > now() - interval '1 day'
    ) AS "revokedTerminals"
  FROM licenses l
  JOIN catalogs c ON c.license_id = l.id
  JOIN publications p ON p.license_id = l.id`;
