import { readFile } from 'node:fs/promises';
import { expect, test } from 'vitest';
import { errorDocs } from '../../../../scripts/docs/error-docs.ts';

test('docs/errors.md says what the error catalog says (else: npm run docs)', async () => {
  const written = await readFile(new URL('../../../../docs/errors.md', import.meta.url), 'utf8');
  expect(written).toBe(errorDocs());
});
