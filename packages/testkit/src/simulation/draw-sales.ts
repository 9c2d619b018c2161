import type { Mix, SalesRates } from './mix.ts';
import type { DeedOf, Operation } from './operation.ts';
import type { Random } from './random.ts';

/** What of a run is about sales. */
export interface DrawnSales {
  readonly sells: boolean;
  readonly rates: SalesRates;
  readonly operations: readonly Operation[];
}

export const NO_SALES: DrawnSales = {
  sells: false,
  rates: { requestDoubled: 0, answerLate: 0, crashWhileSaving: 0 },
  operations: [],
};

/** A restore comes so soon after a sale that its answer may still be on the way. */
const JUST_BEFORE_MS = 1_500;

/**
 * Draws what is sold in a run, all of it from a stream of its own: the rest of a seed is as it was without. Not all tills sell;
 * those of which there are copies, and those whose server is restored, mostly do, and do so when it matters.
 */
export function drawSales(
  random: Random,
  mix: Mix,
  durationMs: number,
  others: readonly Operation[],
): DrawnSales {
  const lastMs = durationMs - 1;
  const copies = others.filter((each) => each.deed === 'cloneTill' || each.deed === 'goBackTill');
  if (!random.chance(copies.length > 0 ? 0.9 : 0.45)) return NO_SALES;
  const till = (): number => random.int(0, mix.licenses * mix.tills - 1);
  const sold = Array.from({ length: random.int(2, 12) }, () => drawSale(random, till(), 0, lastMs));
  const ofCopies = copies.flatMap((each) =>
    Array.from({ length: random.int(4, 8) }, () => drawSale(random, each.till, each.atMs, lastMs)),
  );
  return {
    sells: true,
    rates: {
      requestDoubled: drawRate(random, 0.3),
      answerLate: drawRate(random, 0.6),
      crashWhileSaving: drawRate(random, 0.15),
    },
    operations: [...sold, ...ofCopies, ...drawRestore(random, till, lastMs)],
  };
}

function drawRate(random: Random, highest: number): number {
  return random.chance(0.4) ? random.next() * highest : 0;
}

function drawSale(random: Random, till: number, fromMs: number, untilMs: number): Operation {
  const atMs = Math.round(random.between(fromMs, untilMs));
  const [copy, which] = [random.next(), random.next()];
  return random.chance(0.12)
    ? { deed: 'refund', till, copy, which, atMs }
    : { ...drawSell(random, { till, copy, which }), atMs };
}

function drawSell(random: Random, where: Pick<DeedOf<'sell'>, 'till' | 'copy' | 'which'>): DeedOf<'sell'> {
  return {
    deed: 'sell',
    ...where,
    orderId: random.uuid(),
    quantity: random.int(1, 3),
    thinkMs: random.chance(0.7) ? 0 : Math.round(random.between(1, 3_000)),
    cash: random.chance(0.5),
    twice: random.chance(0.2),
  };
}

/** At times the server is put back to a backup of which some of the sales are not. */
function drawRestore(random: Random, till: () => number, lastMs: number): readonly Operation[] {
  if (!random.chance(0.4)) return [];
  const times = [random.next() * lastMs, random.next() * lastMs];
  const [atMs, restoredMs] = [Math.round(Math.min(...times)), Math.round(Math.max(...times))];
  const fromMs = Math.max(0, restoredMs - JUST_BEFORE_MS);
  const sold = Array.from({ length: random.int(2, 5) }, () => drawSale(random, till(), fromMs, restoredMs));
  return [{ deed: 'backup', atMs }, ...sold, { deed: 'restore', atMs: restoredMs }];
}
