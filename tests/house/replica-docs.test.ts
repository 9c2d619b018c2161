import { expect, test } from 'vitest';
import { replicaDocs } from '../../scripts/docs/replica-docs.ts';
import { textOf } from './repository.ts';

test('[R1] docs/replica.md says what the replica does (else: npm run docs)', () => {
  expect(textOf('docs/replica.md')).toBe(replicaDocs());
});
