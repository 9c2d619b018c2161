import type { DeliveryTimes, FleetCounts, TillBehind, TillStanding } from '@tillcast/protocol/http/fleet-api';
import type { CliContext } from '../context.ts';
import { columns } from './columns.ts';
import { ago, count, counted, duration } from './figures.ts';

const WORDS: Readonly<Record<TillStanding, string>> = {
  current: 'current',
  behind: 'behind',
  differs: 'differs',
  silent: 'not heard of',
};

/** Where tills stand and why, as a table. @param at the server's time, by which ages are told */
export function tillTable(tills: readonly TillBehind[], at: string, { outStyles }: CliContext): string {
  const head = ['Status', 'Terminal', 'Name', 'License', 'Version', 'Behind', 'Last seen'];
  const rows = tills.map((till) => [
    standingWord(till, outStyles),
    till.terminal_id,
    till.name === '' ? 'no name' : till.name,
    outStyles.accent(till.license_key),
    till.version === null ? 'none' : `v${till.version} of v${till.license_version}`,
    till.behind === null ? 'unknown' : count(till.behind),
    till.last_seen_at === null ? 'never' : ago(Date.parse(at) - Date.parse(till.last_seen_at)),
  ]);
  return columns(head.map(outStyles.muted), rows);
}

function standingWord({ standing, cloned }: TillBehind, styles: CliContext['outStyles']): string {
  if (cloned) return styles.failed('two copies');
  if (standing === 'current') return styles.ok(WORDS.current);
  return standing === 'differs' ? styles.failed(WORDS.differs) : styles.warning(WORDS[standing]);
}

/** `998 of 1,000 tills are current: 1 behind, 1 not heard of`. */
export function countsText(counts: FleetCounts): string {
  const { terminals, current } = counts;
  const others = (['behind', 'differs', 'silent'] as const)
    .filter((standing) => counts[standing] > 0)
    .map((standing) => `${count(counts[standing])} ${WORDS[standing]}`);
  if (counts.cloned > 0) others.push(`${count(counts.cloned)} with two copies in use`);
  const headline = `${count(current)} of ${counted(terminals, 'till')} ${current === 1 ? 'is' : 'are'} current`;
  return others.length === 0 ? headline : `${headline}: ${others.join(', ')}`;
}

/** `half within 11 ms, 99 of 100 within 62 ms, the slowest after 3.2 s`. */
export function timesText({ p50_ms, p99_ms, last_ms }: Omit<DeliveryTimes, 'changes'>): string {
  return `half within ${time(p50_ms)}, 99 of 100 within ${time(p99_ms)}, the slowest after ${time(last_ms)}`;
}

function time(ms: number): string {
  return ms < 1_000 ? `${ms} ms` : duration(ms);
}
