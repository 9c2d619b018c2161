import { isLicenseKey, type LicenseKey } from '@tillcast/protocol/license-key';
import type { TransactionOptions } from './database.ts';
import { LICENSE_ROLE } from './roles.ts';

/** SQL that begins a transaction of this kind. */
export function beginSql(options: TransactionOptions): string {
  const isolation = options.isolation === 'repeatable read' ? ' ISOLATION LEVEL REPEATABLE READ' : '';
  const begin = `BEGIN${isolation}${options.readOnly === true ? ' READ ONLY' : ''}`;
  return options.synchronousCommit === false ? `${begin}; SET LOCAL synchronous_commit = off` : begin;
}

/**
 * SQL that begins one for a single license: role and license last as long as the transaction. In one piece,
 * so that where any of it fails, the transaction is an aborted one, in which nothing more is done.
 * @throws TypeError for what is neither an id nor a key; it becomes part of the SQL
 */
export function beginLicenseSql(license: number | LicenseKey, options: TransactionOptions): string {
  return `${beginSql(options)}; SELECT set_config('tillcast.license_id', ${idSql(license)}, true); SET LOCAL ROLE ${LICENSE_ROLE}`;
}

function idSql(license: number | LicenseKey): string {
  if (typeof license === 'number' && Number.isSafeInteger(license)) return `'${license}'`;
  if (isLicenseKey(license)) return `(SELECT id::text FROM licenses WHERE key = '${license}')`;
  throw new TypeError('A license is named by its id or its key.');
}
