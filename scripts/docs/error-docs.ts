import { ERROR_CATALOG, type ErrorEntry } from '@tillcast/protocol/errors';

const EXIT_CODES: Readonly<Record<ErrorEntry['exit'], string>> = {
  1: 'failure',
  2: 'usage',
  3: 'not found',
  4: 'access',
  5: 'conflict',
  6: 'unavailable',
};

/** The whole text of docs/errors.md, made from the error catalog. */
export function errorDocs(): string {
  const entries: [string, ErrorEntry][] = Object.entries(ERROR_CATALOG);
  const rows = entries.map(
    ([code, { status, exit, title }]) =>
      `| \`${code}\` | ${title} | ${status} | ${exit} ${EXIT_CODES[exit]} |`,
  );
  return [
    '# Error codes',
    '',
    'Made from `packages/protocol/src/errors.ts` by `npm run docs`; a test compares the two.',
    '',
    'A code never changes its meaning. HTTP answers carry it as `code` in an RFC 9457 problem',
    '(`application/problem+json`, `type` is `urn:tillcast:problem:<code>`), the shell in `--json`, and logs as `code`.',
    'The message beside it says what failed and what to do; `errors` points at what is wrong: RFC 6901 pointers into',
    'the body, `/query/…`, `/path/…` and `/header/…` elsewhere, `line N` in imports.',
    '',
    '| code | means | HTTP status | exit code |',
    '|---|---|---|---|',
    ...rows,
    '',
  ].join('\n');
}
