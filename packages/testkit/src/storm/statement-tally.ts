import { Client } from 'pg';

/**
 * Counts every statement that this process sends to PostgreSQL, by its name, from now on; what has no name is
 * counted by its first word.
 * @returns what was counted since the last call
 */
export function tallyStatements(): () => Readonly<Record<string, number>> {
  let counts: Record<string, number> = {};
  const original: unknown = Reflect.get(Client.prototype, 'query');
  if (typeof original !== 'function') throw new Error('The driver has no query to count.');
  Reflect.set(Client.prototype, 'query', function counted(this: unknown, ...parameters: unknown[]): unknown {
    const name = nameOf(parameters[0]);
    counts[name] = (counts[name] ?? 0) + 1;
    const answer: unknown = Reflect.apply(original, this, parameters);
    return answer;
  });
  return () => {
    const taken = counts;
    counts = {};
    return taken;
  };
}

function nameOf(statement: unknown): string {
  if (typeof statement === 'string') return firstWordOf(statement);
  if (typeof statement !== 'object' || statement === null) return 'unknown';
  if ('name' in statement && typeof statement.name === 'string') return statement.name;
  return 'text' in statement ? firstWordOf(String(statement.text)) : 'unknown';
}

function firstWordOf(text: string): string {
  return text.trimStart().split(/[\s;]/, 1)[0]?.toUpperCase() ?? '';
}
