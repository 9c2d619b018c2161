import { createHash, randomBytes, timingSafeEqual } from 'node:crypto';
import { TillcastError } from '@tillcast/protocol/errors';
import { CSRF_HEADER } from '@tillcast/protocol/http/till-api';

const ID_PATTERN = /^[A-Za-z0-9_-]{43}$/;

/** A page's session: known to it by a cookie that no script can read. */
export type SessionId = string & { readonly __brand: 'SessionId' };

/** A session for a page that has none. */
export function newSessionId(): SessionId {
  return randomBytes(32).toString('base64url') as SessionId;
}

/**
 * The id that a request brings; null where it brings none.
 * @param port the till's: cookies know no ports, and another till of this machine has its own sessions
 */
export function sessionIdIn(cookies: string | undefined, port: number): SessionId | null {
  for (const part of (cookies ?? '').split(';')) {
    const [name, value = ''] = part.trim().split('=');
    if (name === cookieName(port) && ID_PATTERN.test(value)) return value as SessionId;
  }
  return null;
}

/** What a browser keeps of a session: for this page alone, out of reach of its scripts, until the browser is closed. */
export function cookieOf(id: SessionId, port: number): string {
  return `${cookieName(port)}=${id}; Path=/; HttpOnly; SameSite=Strict`;
}

/** What a page that has this session shows with each request that changes something. */
export function csrfOf(id: SessionId): string {
  return createHash('sha256').update(`csrf ${id}`).digest('base64url');
}

/** @throws TillcastError `csrf_invalid` where a request does not come from a page that has the session */
export function checkCsrf(id: SessionId | null, shown: unknown): void {
  const expected = Buffer.from(id === null ? '' : csrfOf(id));
  const actual = Buffer.from(typeof shown === 'string' ? shown : '');
  if (id !== null && actual.length === expected.length && timingSafeEqual(actual, expected)) return;
  throw new TillcastError(
    'csrf_invalid',
    `Only a page of this till that is open may do that: GET /api/session gives what ${CSRF_HEADER} must hold.`,
  );
}

function cookieName(port: number): string {
  return `tillcast_till_${port}`;
}
