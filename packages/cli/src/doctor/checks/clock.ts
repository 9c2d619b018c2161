import { type Check, type Fault, skipped, verdictOf } from '../check.ts';
import type { ClockReading } from '../facts/facts.ts';

const WARNING_MS = 5_000;
/** An assertion lives 60 s, and so long do brokers and backends bear with each other. */
const FAILURE_MS = 60_000;

/** Whether the clocks agree. Who stands alone is the one that is off. */
export const clock: Check = {
  id: 'clock',
  title: 'Clocks',
  expected: 'within 5 s of each other',
  judge: ({ clocks }) => {
    if (clocks.length === 0) return skipped('nobody told the time');
    const off = clocks.filter((reading) => distanceMs(reading) > WARNING_MS);
    const isOurs = off.length === clocks.length && agree(off);
    const faults = (isOurs ? off.slice(0, 1) : off).map((reading) => faultOf(reading, isOurs));
    const worst = Math.max(...clocks.map(({ aheadMs }) => Math.abs(aheadMs)));
    return verdictOf(faults, `at most ${(worst / 1_000).toFixed(1)} s apart`);
  },
};

function distanceMs({ aheadMs, uncertainMs }: ClockReading): number {
  return Math.max(0, Math.abs(aheadMs) - uncertainMs);
}

function agree(readings: readonly ClockReading[]): boolean {
  const ahead = readings.map(({ aheadMs }) => aheadMs);
  return Math.max(...ahead) - Math.min(...ahead) <= WARNING_MS;
}

function faultOf(reading: ClockReading, isOurs: boolean): Fault {
  const { of, aheadMs } = reading;
  const seconds = Math.round(Math.abs(aheadMs) / 1_000);
  const others = of === 'API' ? 'the API’s' : `the ${of}’s`;
  return {
    grade: distanceMs(reading) > FAILURE_MS ? 'failure' : 'warning',
    what: isOurs ? 'clock of this machine' : `clock of the ${of}`,
    observed: isOurs
      ? `${seconds} s ${aheadMs > 0 ? 'behind' : 'ahead of'} ${others}`
      : `${seconds} s ${aheadMs > 0 ? 'ahead of' : 'behind'} this machine’s`,
    expected: clock.expected,
    cause:
      'nothing sets it: tokens may be refused as expired or not yet valid, certificates too, and sales bear the wrong time',
    mend: 'timedatectl set-ntp true',
  };
}
