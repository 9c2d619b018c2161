import { TillcastError } from '@tillcast/protocol/errors';
import { refusalOf, standingOf } from '../licenses/standing.ts';
import type { ActivatedTerminal } from './find-terminal.ts';

const HOUR_MS = 3_600_000;

/** What a proven terminal may have: until when at the latest, null for no end; or why not. */
export type Entitlement = { readonly until: Date | null } | { readonly refusal: TillcastError };

type Standing = Pick<
  ActivatedTerminal,
  'terminalId' | 'revokedAt' | 'key' | 'status' | 'validUntil' | 'endedAt'
>;

/**
 * What a terminal may have at a moment: everything while neither it nor its license has ended; from then on,
 * for the grace, a token for sales that it took before.
 */
export function entitlementOf(
  terminal: Standing,
  wanted: 'everything' | 'sales',
  at: { readonly now: Date; readonly salesGraceH: number },
): Entitlement {
  const refusal = terminalRefusal(terminal) ?? refusalOf(standingOf(terminal, at.now));
  if (refusal === null) return { until: terminal.validUntil };
  if (wanted === 'everything') return { refusal };
  const until = new Date(endOf(terminal, at.now).getTime() + at.salesGraceH * HOUR_MS);
  return at.now < until ? { until } : { refusal };
}

/** The refusal of a terminal that is revoked; null for one that is not. */
export function terminalRefusal({ revokedAt }: Pick<Standing, 'revokedAt'>): TillcastError | null {
  return revokedAt === null ? null : terminalRevoked();
}

export function terminalRevoked(): TillcastError {
  return new TillcastError(
    'terminal_revoked',
    'This till is revoked. Ask whoever runs your tills; with an activation code it can be activated anew.',
  );
}

/** The first of the ends that have come. */
function endOf({ revokedAt, endedAt, validUntil }: Standing, now: Date): Date {
  const ends = [revokedAt, endedAt, validUntil].flatMap((end) => (end !== null && end <= now ? [end] : []));
  return new Date(Math.min(...ends.map((end) => end.getTime()), now.getTime()));
}
