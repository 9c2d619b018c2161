import { expect, test } from 'vitest';
import { repositoryFiles, textOf } from './repository.ts';

const rules = new Set([...textOf('SPEC.md').matchAll(/\*\*([A-Z]\d{1,2})\*\*/g)].map(([, number]) => number));

/** The rule numbers in brackets at the beginning of the titles of a test file. */
function numbersIn(path: string): readonly string[] {
  return [...textOf(path).matchAll(/['"`]((?:\[[A-Z]\d{1,2}\] ?)+)/g)].flatMap(([, brackets]) =>
    [...(brackets ?? '').matchAll(/[A-Z]\d{1,2}/g)].map(([number]) => number),
  );
}

const tested = new Map(
  repositoryFiles()
    .filter((path) => /\.test\.tsx?$/.test(path) || /\/test\/contract\//.test(path))
    .map((path) => [path, numbersIn(path)]),
);

test('every rule of SPEC.md is shown by a test that carries its number', () => {
  const shown = new Set([...tested.values()].flat());
  expect([...rules].filter((rule) => rule !== undefined && !shown.has(rule))).toEqual([]);
});

test('no test title names a rule that SPEC.md does not have', () => {
  const unknown = [...tested].flatMap(([path, numbers]) =>
    numbers.filter((number) => !rules.has(number)).map((number) => `${path}: ${number}`),
  );
  expect(unknown).toEqual([]);
});
