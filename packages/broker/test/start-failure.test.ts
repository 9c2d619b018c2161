import { expect, test } from 'vitest';
import { summarizeOutput } from '../src/private-node/start-failure.ts';

test('a failed node’s first errors are shown, without their prefixes, though crash reports follow', () => {
  const prefix = (level: string): string => `2026-11-23 16:19:42.645225+00:00 [${level}] <0.130.0> `;
  const output = [
    `${prefix('info')}starting`,
    `${prefix('error')}`,
    `${prefix('error')}No such setting: x`,
    ...Array.from({ length: 100 }, (_, index) => `${prefix('error')}    crash report ${index}`),
    'Kernel pid terminated',
  ].join('\n');
  const summary = summarizeOutput(output).split('\n');
  expect(summary[0]).toBe('  No such setting: x');
  expect(summary.at(-1)).toBe('  Kernel pid terminated');
  expect(summary.length).toBeLessThan(30);
});

test('output without errors is shown by its end', () => {
  expect(summarizeOutput('one\n\ntwo\n')).toBe('  one\n  two');
});
