import type { LicenseKey } from '@tillcast/protocol/license-key';
import { type Column, integerColumn, textColumn } from '../database/statement.ts';
import { licenseKeyColumn } from '../licenses/license.ts';

/** Where a license's catalog stands. */
export interface Head {
  readonly licenseId: number;
  readonly licenseKey: LicenseKey;
  readonly epoch: string;
  readonly version: number;
  readonly digest: string;
}

export const HEAD_COLUMNS: { readonly [K in keyof Head]: Column<Head[K]> } = {
  licenseId: integerColumn,
  licenseKey: licenseKeyColumn,
  epoch: textColumn,
  version: integerColumn,
  digest: textColumn,
};

/** The columns of Head, from `licenses l` and `catalogs c`. */
export const HEAD_SQL = `l.id AS "licenseId", l.key AS "licenseKey", c.epoch, c.version, c.digest`;
export const HEAD_FROM = `licenses l JOIN catalogs c ON c.license_id = l.id`;
