import type { SigningKey } from '@tillcast/protocol/http/admin-api';
import type { CliContext } from '../context.ts';
import { columns } from './columns.ts';

const MEANING: Readonly<Record<SigningKey['state'], string>> = {
  current: 'signs',
  next: 'published, will sign next',
  retired: 'no longer signs, still verifies',
};

/** A key a line, by purpose. */
export function keyLines(keys: readonly SigningKey[], { outStyles }: CliContext): string {
  const head = ['Purpose', 'State', 'Made', 'Key', ''].map(outStyles.muted);
  return columns(
    head,
    keys.map(({ purpose, state, created_at, kid }) => [
      purpose,
      state === 'current' ? outStyles.ok(state) : state,
      created_at,
      kid,
      MEANING[state],
    ]),
  );
}
