import { expect, test } from 'vitest';
import { columns } from '../src/output/columns.ts';

test('[T47] a name that would have the shell write backwards is shown with its signs, and turns nothing around', () => {
  const text = columns(
    ['Name', 'Price'],
    [
      ['\u202Eeman\u2066', '1'],
      ['plain', '12'],
    ],
  );
  expect(text).toBe('Name    Price\n\uFFFDeman\uFFFD      1\nplain      12\n');
});
