import type { Random } from './random.ts';

/** How often things go wrong by themselves, each a probability. */
export interface Rates {
  /** Of each delivery to a till. */
  messageLost: number;
  messageDoubled: number;
  /** Comes later than what was sent after it. */
  messageLate: number;
  /** Of each publish. */
  nacked: number;
  /** Routed or not, and never confirmed. */
  unconfirmed: number;
  /** The relay's connection breaks, before or after the message was routed. */
  publisherCut: number;
  /** Of each question to the sync API. */
  apiError: number;
  apiReset: number;
  apiSilent: number;
  apiSlow: number;
  /** Of each request with sales: it arrives a second time, later. */
  requestDoubled: number;
  /** Of each answer to sales: it comes after a while in which much may happen. */
  answerLate: number;
  /** Of each commit of a till's sales, besides what becomes of any commit: the till dies before or after it. */
  crashWhileSaving: number;
  /** Of each question of a relay to the database: not done, or done without a word. */
  databaseError: number;
  /** Of each commit of a till. */
  storeFull: number;
  crashBeforeCommit: number;
  crashAfterCommit: number;
}

/** The world of a run, and how often things go wrong in it. */
export interface Mix {
  readonly licenses: number;
  /** Of each license. */
  readonly tills: number;
  readonly relays: number;
  /** Different items of a kind that operators touch. */
  readonly items: number;
  readonly rates: Readonly<Rates>;
  /** How far tills' clocks may be off at the beginning. */
  readonly clockSkewMs: number;
  /** Rows of a page of a delta. */
  readonly pageRows: number;
  /** Where more changes of a license wait, only the newest is published. */
  readonly coalesceBeyond: number;
  /** Whether tills have sales at all. */
  readonly sells: boolean;
}

/** Those of sales alone, which are drawn apart. */
export type SalesRates = Pick<Rates, 'requestDoubled' | 'answerLate' | 'crashWhileSaving'>;

const HIGHEST: Omit<Rates, keyof SalesRates> = {
  messageLost: 0.4,
  messageDoubled: 0.3,
  messageLate: 0.4,
  nacked: 0.2,
  unconfirmed: 0.05,
  publisherCut: 0.05,
  apiError: 0.3,
  apiReset: 0.3,
  apiSilent: 0.1,
  apiSlow: 0.3,
  databaseError: 0.05,
  storeFull: 0.1,
  crashBeforeCommit: 0.03,
  crashAfterCommit: 0.03,
};

// In the order in which they are drawn.
const FIRST_NAMES: readonly (keyof typeof HIGHEST)[] = [
  'messageLost',
  'messageDoubled',
  'messageLate',
  'nacked',
  'unconfirmed',
  'publisherCut',
  'apiError',
  'apiReset',
  'apiSilent',
  'apiSlow',
  'databaseError',
  'storeFull',
  'crashBeforeCommit',
  'crashAfterCommit',
];

/** The names of all rates. */
export const RATE_NAMES: readonly (keyof Rates)[] = [
  ...FIRST_NAMES,
  'requestDoubled',
  'answerLate',
  'crashWhileSaving',
];

export const NO_FAULTS: Readonly<Rates> = {
  messageLost: 0,
  messageDoubled: 0,
  messageLate: 0,
  nacked: 0,
  unconfirmed: 0,
  publisherCut: 0,
  apiError: 0,
  apiReset: 0,
  apiSilent: 0,
  apiSlow: 0,
  requestDoubled: 0,
  answerLate: 0,
  crashWhileSaving: 0,
  databaseError: 0,
  storeFull: 0,
  crashBeforeCommit: 0,
  crashAfterCommit: 0,
};

const DAY_MS = 86_400_000;

/** Draws a world: of each fault either none or any rate up to its highest, so that no fault hides behind all others. */
export function drawMix(random: Random): Mix {
  const rates: Rates = { ...NO_FAULTS };
  for (const name of FIRST_NAMES) {
    const on = random.chance(0.4);
    const rate = random.next() * HIGHEST[name];
    if (on) rates[name] = rate;
  }
  return {
    licenses: random.int(1, 3),
    tills: random.int(1, 2),
    relays: random.int(1, 3),
    items: random.int(1, 6),
    rates,
    clockSkewMs: random.chance(0.3) ? random.between(0, DAY_MS) : 0,
    pageRows: random.pick([1, 2, 3, 100]),
    coalesceBeyond: random.pick([3, 8, 1_000, 1_000]),
    sells: false,
  };
}
