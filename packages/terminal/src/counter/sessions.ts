import { createHash } from 'node:crypto';
import type { Staff } from '@tillcast/protocol/http/till-api';
import { z } from 'zod';
import type { SalesFile } from '../sales/sales-file.ts';
import { newSessionId, type SessionId } from './page-session.ts';
import type { StaffDesk } from './staff-desk.ts';

const SESSIONS_KEY = 'sessions';
/** More pages than this are not signed in at one till: the oldest is signed out. */
const SIGNED_IN_MAX = 16;

const keptSchema = z.array(z.tuple([z.string(), z.string()]));

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

  /** Who is signed in; null where nobody is, or who was may sign in no more. */
  staffOf(id: SessionId | null): Staff | null {
    const userId = id === null ? undefined : this.#signedIn.get(hashOf(id));
    return userId === undefined ? null : this.#desk.find(userId);
  }

  /** @returns the session's new id */
  signIn(id: SessionId | null, staff: Staff): SessionId {
    if (id !== null) this.#signedIn.delete(hashOf(id));
    const next = newSessionId();
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

  #keep(): void {
    this.#file.keep(SESSIONS_KEY, JSON.stringify([...this.#signedIn]));
  }
}

function hashOf(id: SessionId): string {
  return createHash('sha256').update(id).digest('base64url');
}
