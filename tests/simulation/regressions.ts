/** Seeds that once broke a promise, and what was wrong. They are run at every test. */
export const REGRESSIONS: readonly { readonly seed: number; readonly was: string }[] = [
  { seed: 1660, was: 'a row whose text was no JSON any more kept every repair from being committed' },
  { seed: 2583, was: 'the same, with messages on top of it' },
];
