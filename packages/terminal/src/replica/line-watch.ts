import type { Cursor } from '@tillcast/protocol/cursor';
import { compare } from '@tillcast/protocol/replica/order';
import type { TillClock } from './till-clock.ts';

/**
 * A message of a change that the server has told of comes within this, or something is wrong. A report comes 15 s after
 * the one before at the latest: within 20 s of the first change that did not come, its line is a new one.
 */
const GRACE_MS = 3_000;
/** Between one new line and the next: a relay that lags looks like a deaf line, to all tills at once. */
const FIRST_PAUSE_MS = 10_000;
const LONGEST_PAUSE_MS = 900_000;

/**
 * Notices a line that is attached and brings nothing: a queue or a binding may be gone without a word to its
 * consumer. The sign is a version that the server named in an answer and whose message, or any later one,
 * did not come. A line that has brought something since is deaf again as if for the first time; but where what was
 * missed came late after all, the line was never deaf, and it is renewed ever more seldom.
 */
export class LineWatch {
  readonly #clock: TillClock;
  readonly #onDeaf: () => void;
  #attached = false;
  /** Up to here nothing is expected: its message came, or it was committed before the line was there. */
  #settled: Cursor | null = null;
  #callOff: (() => void) | null = null;
  #pauseMs = FIRST_PAUSE_MS;
  #quietUntilMs = -Infinity;
  /** What did not come when the line was given up; null where later changes have come since. */
  #missedAt: Cursor | null = null;
  #wasLate = false;

  constructor(clock: TillClock, onDeaf: () => void) {
    this.#clock = clock;
    this.#onDeaf = onDeaf;
  }

  attached(): void {
    this.detached();
    this.#attached = true;
  }

  detached(): void {
    this.#attached = false;
    this.#settled = null;
    this.#forget();
  }

  /** A change's message came. */
  heard(at: Cursor): void {
    this.#compareWithMissed(at);
    if (this.#settled !== null && compare(at, this.#settled) === 'behind') return;
    this.#settled = at;
    this.#forget();
  }

  /** The server named its version in an answer. */
  told(server: Cursor): void {
    if (!this.#attached) return;
    const relation = this.#settled === null ? 'foreign' : compare(server, this.#settled);
    // The first answer since the line is there, or another history: from here on its messages are due.
    if (relation === 'foreign') this.#settled = server;
    if (relation !== 'next' && relation !== 'ahead') return;
    this.#callOff ??= this.#clock.after(GRACE_MS, () => this.#missed(server));
  }

  #missed(awaited: Cursor): void {
    this.#callOff = null;
    const nowMs = this.#clock.steadyMs();
    if (nowMs < this.#quietUntilMs) {
      this.#callOff = this.#clock.after(this.#quietUntilMs - nowMs, () => this.#missed(awaited));
      return;
    }
    this.#settled = awaited;
    this.#missedAt = awaited;
    this.#wasLate = false;
    this.#quietUntilMs = nowMs + this.#pauseMs;
    this.#pauseMs = Math.min(this.#pauseMs * 2, LONGEST_PAUSE_MS);
    this.#onDeaf();
  }

  #compareWithMissed(at: Cursor): void {
    if (this.#missedAt === null) return;
    const relation = compare(at, this.#missedAt);
    // It came late, so the line had not lost it: what comes after it is no proof of a line that was mended.
    if (relation === 'same' || relation === 'behind') {
      this.#wasLate = true;
      return;
    }
    this.#missedAt = null;
    if (this.#wasLate) return;
    this.#pauseMs = FIRST_PAUSE_MS;
    this.#quietUntilMs = -Infinity;
  }

  #forget(): void {
    this.#callOff?.();
    this.#callOff = null;
  }
}
