import { randomUUID } from 'node:crypto';
import { ASSERTION_MAX_AGE_S } from '@tillcast/protocol/http/identity-api';
import { SignJWT } from 'jose';
import type { TillKey } from './till-key.ts';

/** What an assertion says. */
export interface AssertionFacts {
  readonly terminalId: string;
  readonly issuer: string;
  /** The server's time, as far as it is known here: milliseconds since 1970. */
  readonly nowMs: number;
}

/** A till's signed word that it is itself (RFC 7523): good for a minute, and once. */
export function signAssertion(
  { terminalId, issuer, nowMs }: AssertionFacts,
  { id, privateKey }: TillKey,
): Promise<string> {
  const issuedAt = Math.floor(nowMs / 1_000);
  return new SignJWT()
    .setProtectedHeader({ alg: 'ES256', typ: 'JWT', kid: id })
    .setIssuer(terminalId)
    .setSubject(terminalId)
    .setAudience(issuer)
    .setIssuedAt(issuedAt)
    .setExpirationTime(issuedAt + ASSERTION_MAX_AGE_S)
    .setJti(randomUUID())
    .sign(privateKey);
}
