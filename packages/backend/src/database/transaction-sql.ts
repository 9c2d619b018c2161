import type { TransactionOptions } from './database.ts';

/** The statement that begins a transaction of this kind. */
export function beginSql(options: TransactionOptions): string {
  const isolation = options.isolation === 'repeatable read' ? ' ISOLATION LEVEL REPEATABLE READ' : '';
  const begin = `BEGIN${isolation}${options.readOnly === true ? ' READ ONLY' : ''}`;
  return options.synchronousCommit === false ? `${begin}; SET LOCAL synchronous_commit = off` : begin;
}
