import type { SignedNotice } from '@tillcast/protocol/http/status-api';
import { REPORTED_MAX } from '@tillcast/protocol/http/status-api';
import type { Database } from '../database/database.ts';
import { instantColumn, statement, textColumn } from '../database/statement.ts';
import { BROADCASTS_CHANNEL } from '../relay/channels.ts';

/** A broadcast that has not expired. */
export interface ActiveNotice extends SignedNotice {
  readonly id: string;
  readonly expiresAt: Date;
}

/** Where broadcasts are kept; the database's is {@link databaseBroadcasts}. */
export interface KeptBroadcasts {
  /** The newest of those that have not expired, the newest first. @throws TillcastError `database_unavailable` */
  readActive(now: Date): Promise<readonly ActiveNotice[]>;
  /** Calls back when there are others, or may be, until the returned function is called. */
  listen(onOthers: () => void): Promise<() => Promise<void>>;
}

// As many as a till keeps: the newest.
const READ_ACTIVE = statement<ActiveNotice>(
  'read_active_broadcasts',
  `SELECT id, type, message, signature, expires_at AS "expiresAt"
  FROM broadcasts WHERE expires_at > $1 AND signature IS NOT NULL
  ORDER BY created_at DESC, id DESC LIMIT ${REPORTED_MAX.notices}`,
  {
    id: textColumn,
    type: textColumn,
    message: textColumn,
    signature: textColumn,
    expiresAt: instantColumn,
  },
);

/** The broadcasts of a database. */
export function databaseBroadcasts(database: Database): KeptBroadcasts {
  return {
    readActive: (now) => database.query(READ_ACTIVE, [now]),
    listen: (onOthers) =>
      database.listen(BROADCASTS_CHANNEL, { onNotification: onOthers, onMissed: onOthers }),
  };
}

/** In case a notification was lost. */
const KEPT_FOR_MS = 10_000;

interface Read {
  readonly notices: Promise<readonly ActiveNotice[]>;
  readonly atMs: number;
}

/** The broadcasts that have not expired, read once for all tills that ask. */
export class ActiveNotices {
  readonly #broadcasts: KeptBroadcasts;
  readonly #now: () => Date;
  readonly #steadyMs: () => number;
  #read: Read | null = null;
  #leaveOff: (() => Promise<void>) | undefined;

  /** @param steadyMs a clock that is never set; left out: the machine's */
  constructor(broadcasts: KeptBroadcasts, now: () => Date, steadyMs: () => number = () => performance.now()) {
    this.#broadcasts = broadcasts;
    this.#now = now;
    this.#steadyMs = steadyMs;
  }

  /** Resolves when it hears of new ones. @throws TillcastError `database_unavailable` */
  async start(): Promise<void> {
    const forget = (): void => {
      this.#read = null;
    };
    this.#leaveOff = await this.#broadcasts.listen(forget);
    forget();
  }

  async stop(): Promise<void> {
    await this.#leaveOff?.();
  }

  /** Those that a till does not have, oldest first. @throws TillcastError `database_unavailable` */
  async without(held: readonly string[]): Promise<readonly SignedNotice[]> {
    const has = new Set(held.map((id) => id.toLowerCase()));
    const active = await this.#active();
    const now = this.#now();
    return active
      .filter(({ id, expiresAt }) => expiresAt > now && !has.has(id))
      .map(({ type, message, signature }) => ({ type, message, signature }))
      .toReversed();
  }

  #active(): Promise<readonly ActiveNotice[]> {
    const nowMs = this.#steadyMs();
    if (this.#read !== null && nowMs - this.#read.atMs < KEPT_FOR_MS) return this.#read.notices;
    const read: Read = { notices: this.#broadcasts.readActive(this.#now()), atMs: nowMs };
    this.#read = read;
    read.notices.catch(() => {
      if (this.#read === read) this.#read = null;
    });
    return read.notices;
  }
}
