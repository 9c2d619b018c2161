import type { NewActivity } from '../store/activity-table.ts';
import { lineOfRefused } from './activity-lines.ts';
import type { DropReason } from './incoming.ts';
import type { TillClock } from './till-clock.ts';

/** A reason gets a line at most this often, or whoever sends many would push all else out of the log. */
export const REFUSED_LINE_EVERY_MS = 60_000;

/** Says in the activity log that messages were refused: the first at once, what follows by its count. */
export class RefusedMessages {
  readonly #clock: TillClock;
  readonly #addLine: (line: NewActivity) => void;
  /** By reason: how many since its last line. */
  readonly #since = new Map<DropReason, number>();
  readonly #callOffs = new Map<DropReason, () => void>();

  constructor(clock: TillClock, addLine: (line: NewActivity) => void) {
    this.#clock = clock;
    this.#addLine = addLine;
  }

  refused(why: DropReason): void {
    const count = this.#since.get(why);
    if (count === undefined) this.#say(why, 1);
    else this.#since.set(why, count + 1);
  }

  stop(): void {
    for (const callOff of this.#callOffs.values()) callOff();
    this.#callOffs.clear();
  }

  #say(why: DropReason, count: number): void {
    this.#since.set(why, 0);
    this.#callOffs.set(
      why,
      this.#clock.after(REFUSED_LINE_EVERY_MS, () => this.#look(why)),
    );
    this.#addLine(lineOfRefused(why, count, this.#clock.nowMs()));
  }

  #look(why: DropReason): void {
    const count = this.#since.get(why) ?? 0;
    this.#since.delete(why);
    this.#callOffs.delete(why);
    if (count > 0) this.#say(why, count);
  }
}
