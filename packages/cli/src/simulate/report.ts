import type { LicenseKey } from '@tillcast/protocol/license-key';
import { type ComparedDay, differences } from './ledger.ts';
import type { SimulationTally, Spread } from './simulation-tally.ts';

/** What a simulation came to. */
export interface SimulationReport {
  readonly license: LicenseKey;
  readonly seed: number;
  readonly interrupted: boolean;
  readonly tills: {
    readonly asked_for: number;
    /** In the end. */
    readonly live: number;
    /** How often one of them was cut off. */
    readonly outages: number;
  };
  readonly sales: {
    readonly made: number;
    /** Of these, by tills that were cut off at that moment. */
    readonly made_cut_off: number;
    readonly accepted: number;
    readonly rejected: number;
    readonly waiting: number;
    /** Customers that no sale could be made for. */
    readonly not_made: number;
    /** On tills, and not on the server. */
    readonly missing: number;
    /** On the server, and on no till. */
    readonly surplus: number;
  };
  readonly days: readonly ComparedDay[];
  /** From the payment until the sale is on the till's disk. */
  readonly save_ms: Spread;
  /** From there until the server's answer is on the till's disk too; of sales of tills that were not cut off meanwhile. */
  readonly hand_in_ms: Spread;
  /** How long customers waited for the till: much of it means that this machine is too slow for so many. */
  readonly late_ms: Spread;
  /** The newest words of what went wrong. */
  readonly trouble: string | null;
  /** Where the tills' files are; null where they were removed. */
  readonly folder: string | null;
}

export function reportOf(
  tally: SimulationTally,
  around: {
    readonly license: LicenseKey;
    readonly seed: number;
    readonly tills: number;
    readonly live: number;
    readonly interrupted: boolean;
    readonly days: readonly ComparedDay[];
    readonly folder: string | null;
  },
): SimulationReport {
  const { tills, live, days, ...rest } = around;
  return {
    ...rest,
    tills: { asked_for: tills, live, outages: tally.outages },
    sales: {
      made: tally.sold,
      made_cut_off: tally.soldCutOff,
      accepted: tally.accepted,
      rejected: tally.rejected,
      waiting: tally.waiting,
      not_made: tally.notSold,
      ...differences(days),
    },
    days,
    save_ms: tally.saveMs,
    hand_in_ms: tally.handInMs,
    late_ms: tally.lateMs,
    trouble: tally.trouble,
  };
}

/** Whether every sale is on the server once, and the sums are equal to the penny. */
export function standsUp({ sales, days }: SimulationReport): boolean {
  const { made, not_made: notMade, rejected, waiting, missing, surplus } = sales;
  const isServed = made > 0 || notMade === 0;
  return isServed && rejected + waiting + missing + surplus === 0 && days.every(({ equal }) => equal);
}
