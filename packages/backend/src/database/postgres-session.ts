import type { ClientBase, QueryResult } from 'pg';
import type { Session } from './database.ts';
import { translated } from './sql-error.ts';
import type { RawRow, SqlValue, Statement } from './statement.ts';

/** A connection's statements, each its own transaction, by the user that connected. */
export function sessionOf(client: ClientBase): Session {
  return {
    query: async (statement, values = []) => {
      try {
        return rowsOf(statement, await client.query<RawRow>(preparedQuery(statement, values)));
      } catch (error) {
        throw translated(error);
      }
    },
    execute: async (script) => {
      try {
        await client.query(script);
      } catch (error) {
        throw translated(error);
      }
    },
  };
}

/**
 * A statement as the driver takes it.
 * @param role whose the statement is, where not the system's: a plan under row-level security is made for one
 *   role, and would be made anew each time another one uses it
 */
export function preparedQuery<Row>(
  statement: Statement<Row>,
  values: readonly SqlValue[],
  role?: string,
): { name: string; text: string; values: SqlValue[] } {
  const name = role === undefined ? statement.name : `${statement.name} ${role}`;
  return { name, text: statement.text, values: [...values] };
}

/** The rows of an answer. */
export function rowsOf<Row>(statement: Statement<Row>, { rows }: QueryResult<RawRow>): readonly Row[] {
  return rows.map(statement.decode);
}
