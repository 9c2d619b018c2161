import { expect, test } from 'vitest';
import { errorDocs } from '../../scripts/docs/error-docs.ts';
import { textOf } from './repository.ts';

test('docs/errors.md says what the error catalog says (else: npm run docs)', () => {
  expect(textOf('docs/errors.md')).toBe(errorDocs());
});
