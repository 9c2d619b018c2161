import type { LicenseKey } from '@tillcast/protocol/license-key';
import type { TransactionOptions } from './database.ts';
import { LICENSE_ROLE } from './roles.ts';
import { command, type SqlValue, type Statement } from './statement.ts';

/** SQL that begins a transaction of this kind. */
export function beginSql(options: TransactionOptions): string {
  const isolation = options.isolation === 'repeatable read' ? ' ISOLATION LEVEL REPEATABLE READ' : '';
  const begin = `BEGIN${isolation}${options.readOnly === true ? ' READ ONLY' : ''}`;
  return options.synchronousCommit === false ? `${begin}; SET LOCAL synchronous_commit = off` : begin;
}

/** What makes a transaction one of a single license: role and license last as long as the transaction. */
export interface Entry {
  readonly statement: Statement<Record<never, never>>;
  readonly values: readonly SqlValue[];
}

// Prepared, and so parsed and planned once: in one text with the BEGIN it took 0.15 ms more of each transaction.
const BY_ID = command(
  'enter_license_by_id',
  `SELECT set_config('tillcast.license_id', ($1::integer)::text, true), set_config('role', '${LICENSE_ROLE}', true)`,
);
const BY_KEY = command(
  'enter_license_by_key',
  `SELECT set_config('tillcast.license_id', (SELECT id::text FROM licenses WHERE key = $1), true),
    set_config('role', '${LICENSE_ROLE}', true)`,
);

/** The entry into a license; to be asked right after the BEGIN. */
export function entryOf(license: number | LicenseKey): Entry {
  return { statement: typeof license === 'number' ? BY_ID : BY_KEY, values: [license] };
}
