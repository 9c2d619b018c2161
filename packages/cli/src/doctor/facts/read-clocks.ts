import type { DatabaseInspection } from '@tillcast/backend';
import { createFetch } from '@tillcast/broker';
import type { Place } from '../place.ts';
import type { ApiAddress } from './ask-api.ts';
import type { ClockReading, Known } from './facts.ts';
import { managementOf } from './read-broker.ts';

const PATIENCE_MS = 5_000;
/** The `Date` of an answer is cut to seconds. */
const DATE_STEP_MS = 1_000;

/** The clocks of those that can be asked, each by the date of an answer that needs no credentials. */
export async function readClocks(
  place: Place,
  api: ApiAddress,
  database: Known<DatabaseInspection>,
): Promise<readonly ClockReading[]> {
  const management = managementOf(place);
  const readings = await Promise.all([
    readDate('API', `${api.url}/health`, api.caPem),
    ...(management === null ? [] : [readDate('broker', `${management.url}/`, management.caPem ?? null)]),
  ]);
  const told = database.known && database.value.reached ? database.value.facts : null;
  return [
    ...readings.flatMap((reading) => (reading === null ? [] : [reading])),
    ...(told === null
      ? []
      : [{ of: 'database', aheadMs: told.clockAheadMs, uncertainMs: DATE_STEP_MS } as const]),
  ];
}

async function readDate(
  of: ClockReading['of'],
  url: string,
  caPem: string | null,
): Promise<ClockReading | null> {
  const askedAtMs = Date.now();
  try {
    const answer = await createFetch(caPem)(url, { signal: AbortSignal.timeout(PATIENCE_MS) });
    const wayMs = Date.now() - askedAtMs;
    await answer.body?.cancel();
    const atMs = Date.parse(answer.headers.get('date') ?? '');
    if (Number.isNaN(atMs)) return null;
    const aheadMs = Math.round(atMs + DATE_STEP_MS / 2 - (askedAtMs + wayMs / 2));
    return { of, aheadMs, uncertainMs: DATE_STEP_MS / 2 + wayMs / 2 };
  } catch (error) {
    // That it cannot be reached is what other checks are about.
    if (error instanceof Error) return null;
    throw error;
  }
}
