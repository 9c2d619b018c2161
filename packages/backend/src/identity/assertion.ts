import { TillcastError } from '@tillcast/protocol/errors';
import { ASSERTION_MAX_AGE_S } from '@tillcast/protocol/http/identity-api';
import { type CryptoKey, decodeJwt, errors, jwtVerify } from 'jose';
import { z } from 'zod';

/** How far a till's clock may be off. */
export const ASSERTION_LEEWAY_S = 30;

/** What an assertion says that holds. */
export interface Assertion {
  readonly jti: string;
  /** From then on it could not be taken anyway. */
  readonly endsAt: Date;
}

const uuidSchema = z.uuid();

/** The terminal that an assertion claims to be of, which proves nothing; null where it names none. */
export function claimedTerminal(assertion: string): string | null {
  try {
    const { sub } = decodeJwt(assertion);
    return uuidSchema.safeParse(sub).data ?? null;
  } catch (error) {
    if (error instanceof errors.JOSEError) return null;
    throw error;
  }
}

/**
 * Checks an assertion by RFC 7523: signed with ES256 by this very key, about this terminal by itself, for us
 * alone, not older than it may be. That it comes for the first time is checked by whoever keeps them.
 * @throws TillcastError `assertion_invalid`, whatever is wrong
 */
export async function checkAssertion(
  assertion: string,
  expected: {
    readonly terminalId: string;
    readonly key: CryptoKey;
    readonly issuer: string;
    readonly now: Date;
  },
): Promise<Assertion> {
  const { terminalId, key, issuer, now } = expected;
  try {
    const { payload } = await jwtVerify(assertion, key, {
      algorithms: ['ES256'],
      issuer: terminalId,
      subject: terminalId,
      audience: issuer,
      clockTolerance: ASSERTION_LEEWAY_S,
      currentDate: now,
    });
    const { jti, aud, iat, exp } = claimsSchema.parse(payload);
    const nowS = Math.floor(now.getTime() / 1000);
    const isFresh = exp > iat && exp - iat <= ASSERTION_MAX_AGE_S && iat <= nowS + ASSERTION_LEEWAY_S;
    if (!isFresh || (Array.isArray(aud) && aud.length !== 1)) throw assertionInvalid();
    return { jti, endsAt: new Date((exp + ASSERTION_LEEWAY_S) * 1000) };
  } catch (error) {
    if (error instanceof errors.JOSEError || error instanceof z.ZodError) throw assertionInvalid(error);
    throw error;
  }
}

// Lax in nothing: an id is kept as it is, in a column of its length.
const claimsSchema = z.object({
  jti: z.string().regex(/^[\x21-\x7e]{1,128}$/),
  aud: z.union([z.string(), z.array(z.string())]),
  iat: z.int(),
  exp: z.int(),
});

/** One answer to all that is wrong with an assertion, that of a terminal that does not exist included. */
export function assertionInvalid(cause?: unknown): TillcastError {
  return new TillcastError(
    'assertion_invalid',
    'The assertion is not valid. Check the clock of this machine; if it is right, activate the till again.',
    { cause },
  );
}
