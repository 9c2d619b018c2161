import { createHash, randomBytes, timingSafeEqual } from 'node:crypto';
import { TillcastError } from '@tillcast/protocol/errors';
import { CSRF_HEADER, type Staff } from '@tillcast/protocol/http/till-api';
import { z } from 'zod';
import type { SalesFile } from '../sales/sales-file.ts';
import type { StaffDesk } from './staff-desk.ts';

const COOKIE = 'tillcast_till';
const SESSIONS_KEY = 'sessions';
/** More pages than this are not signed in at one till: the oldest is signed out. */
const SIGNED_IN_MAX = 16;
const ID_PATTERN = /^[A-Za-z0-9_-]{43}$/;

const keptSchema = z.array(z.tuple([z.string(), z.string()]));

/** A page's session: known to it by a cookie that no script can read. */
export type SessionId = string & { readonly __brand: 'SessionId' };

/**
 * Which page is whose. A session begins with nobody, and gets another id when somebody signs in, so that an id that a page was
 * given by someone else is worth nothing. Who is signed in survives a restart of the till; only the ids' hashes are kept.
 */
export class Sessions {
  readonly #file: Pick<SalesFile, 'kept' | 'keep'>;
  readonly #desk: StaffDesk;
  /** User ids by the hash of the session's id, the oldest first. */
  readonly #signedIn: Map<string, string>;

  constructor(file: Pick<SalesFile, 'kept' | 'keep'>, desk: StaffDesk) {
    this.#file = file;
    this.#desk = desk;
    const kept = file.kept(SESSIONS_KEY);
    const parsed = keptSchema.safeParse(kept === null ? [] : JSON.parse(kept));
    this.#signedIn = new Map(parsed.success ? parsed.data : []);
  }

  /** The id that a request brings; null where it brings none. */
  idOf(cookies: string | undefined): SessionId | null {
    for (const part of (cookies ?? '').split(';')) {
      const [name, value = ''] = part.trim().split('=');
      if (name === COOKIE && ID_PATTERN.test(value)) return value as SessionId;
    }
    return null;
  }

  /** A session for a page that has none. */
  begin(): SessionId {
    return randomBytes(32).toString('base64url') as SessionId;
  }

  /** Who is signed in; null where nobody is, or who was may sign in no more. */
  staffOf(id: SessionId | null): Staff | null {
    const userId = id === null ? undefined : this.#signedIn.get(hashOf(id));
    return userId === undefined ? null : this.#desk.find(userId);
  }

  /** @returns the session's new id */
  signIn(id: SessionId | null, staff: Staff): SessionId {
    if (id !== null) this.#signedIn.delete(hashOf(id));
    const next = this.begin();
    this.#signedIn.set(hashOf(next), staff.id);
    for (const oldest of this.#signedIn.keys()) {
      if (this.#signedIn.size <= SIGNED_IN_MAX) break;
      this.#signedIn.delete(oldest);
    }
    this.#keep();
    return next;
  }

  signOut(id: SessionId | null): void {
    if (id !== null && this.#signedIn.delete(hashOf(id))) this.#keep();
  }

  /** What a page that has this session shows with each request that changes something. */
  csrfOf(id: SessionId): string {
    return createHash('sha256').update(`csrf ${id}`).digest('base64url');
  }

  /** @throws TillcastError `csrf_invalid` where a request does not come from a page that has the session */
  checkCsrf(id: SessionId | null, shown: unknown): void {
    const expected = Buffer.from(id === null ? '' : this.csrfOf(id));
    const actual = Buffer.from(typeof shown === 'string' ? shown : '');
    if (id !== null && actual.length === expected.length && timingSafeEqual(actual, expected)) return;
    throw new TillcastError(
      'csrf_invalid',
      `Only a page of this till that is open may do that: GET /api/session gives what ${CSRF_HEADER} must hold.`,
    );
  }

  #keep(): void {
    this.#file.keep(SESSIONS_KEY, JSON.stringify([...this.#signedIn]));
  }
}

/** What a browser keeps of a session: for this page alone, out of reach of its scripts, until the browser is closed. */
export function cookieOf(id: SessionId): string {
  return `${COOKIE}=${id}; Path=/; HttpOnly; SameSite=Strict`;
}

function hashOf(id: SessionId): string {
  return createHash('sha256').update(id).digest('base64url');
}
