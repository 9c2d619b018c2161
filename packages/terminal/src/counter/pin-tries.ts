import { z } from 'zod';

/** How often in a row a PIN was wrong, and until when none is tried, since 1970. */
export interface PinTries {
  readonly failures: number;
  readonly notBeforeMs: number;
}

export const NO_TRIES: PinTries = { failures: 0, notBeforeMs: 0 };

/** So many may be wrong in a row without a wait. */
const FREE_TRIES = 5;
const FIRST_WAIT_MS = 30_000;
const LONGEST_WAIT_MS = 15 * 60_000;

const schema: z.ZodType<PinTries, unknown> = z.strictObject({
  failures: z.int().min(0),
  notBeforeMs: z.number().min(0),
});

/** As they were kept; null, or what cannot be read, is none. */
export function readTries(kept: string | null): PinTries {
  if (kept === null) return NO_TRIES;
  const parsed = schema.safeParse(JSON.parse(kept));
  return parsed.success ? parsed.data : NO_TRIES;
}

/** After a wrong one: from the fifth on each wait is twice the one before, to a quarter of an hour. */
export function afterWrong({ failures }: PinTries, nowMs: number): PinTries {
  const wrong = failures + 1;
  if (wrong < FREE_TRIES) return { failures: wrong, notBeforeMs: 0 };
  const waitMs = Math.min(LONGEST_WAIT_MS, FIRST_WAIT_MS * 2 ** Math.min(wrong - FREE_TRIES, 10));
  return { failures: wrong, notBeforeMs: nowMs + waitMs };
}

/** How long to wait before the next try: 0 for now. A clock that was set back makes no wait longer than the longest. */
export function waitMsOf({ notBeforeMs }: PinTries, nowMs: number): number {
  return Math.min(LONGEST_WAIT_MS, Math.max(0, notBeforeMs - nowMs));
}
