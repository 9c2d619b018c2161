/** Seeds that once broke a promise, and what was wrong. They are run at every test. */
export const REGRESSIONS: readonly { readonly seed: number; readonly was: string }[] = [
  { seed: 1660, was: 'a row whose text was no JSON any more kept every repair from being committed' },
  { seed: 2583, was: 'the same, with messages on top of it' },
  { seed: 127, was: 'a clock set ahead made a till forget its notices, and show them again' },
  { seed: 1678, was: 'a till that started on a full disk was never known for one of two copies' },
];
