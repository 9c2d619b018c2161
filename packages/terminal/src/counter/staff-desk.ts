import { TillcastError } from '@tillcast/protocol/errors';
import type { Staff } from '@tillcast/protocol/http/till-api';
import type { SalesFile } from '../sales/sales-file.ts';
import { isPinOf } from './pin.ts';
import { afterWrong, NO_TRIES, readTries, waitMsOf } from './pin-tries.ts';
import type { Shop } from './shop.ts';

const TRIES_KEY = 'pin-tries';

export interface StaffDeskOptions {
  readonly shop: Shop;
  readonly file: Pick<SalesFile, 'kept' | 'keep'>;
  readonly nowMs: () => number;
}

/** Who may sign in, by PIN. Wrong tries are counted for the till as a whole, and through its restarts. */
export class StaffDesk {
  readonly #options: StaffDeskOptions;
  #turn: Promise<unknown> = Promise.resolve();

  constructor(options: StaffDeskOptions) {
    this.#options = options;
  }

  /** Whether there is anyone who could sign in; where there is nobody, nobody has to. */
  get isStaffed(): boolean {
    return this.#options.shop.staff().length > 0;
  }

  /** Someone who may still sign in, by id; null where there is no such person any more. */
  find(id: string): Staff | null {
    const user = this.#options.shop.staff().find((each) => each.id === id);
    return user === undefined ? null : { id: user.id, name: user.name, role: user.role };
  }

  /**
   * Whose PIN this is. One check at a time, so that many cannot be tried at once.
   * @param userId who says so; left out: anyone
   * @throws TillcastError `pin_wrong`, `rate_limited` after too many wrong ones
   */
  check(pin: string, userId?: string): Promise<Staff> {
    const checked = this.#turn.then(() => this.#check(pin, userId));
    // Whoever asked has its rejection.
    this.#turn = checked.catch(() => undefined);
    return checked;
  }

  /** @throws TillcastError as `check` does, and `manager_needed` where it is a cashier's PIN */
  async checkManager(pin: string): Promise<Staff> {
    const staff = await this.check(pin);
    if (staff.role === 'manager') return staff;
    throw new TillcastError(
      'manager_needed',
      `${staff.name} is no manager. A manager's PIN is needed for this.`,
    );
  }

  async #check(pin: string, userId: string | undefined): Promise<Staff> {
    const { shop, file, nowMs } = this.#options;
    const tries = readTries(file.kept(TRIES_KEY));
    const waitMs = waitMsOf(tries, nowMs());
    if (waitMs > 0) {
      throw new TillcastError(
        'rate_limited',
        `Too many wrong PINs: the next one can be tried in ${Math.ceil(waitMs / 1_000)} s.`,
      );
    }
    for (const user of shop.staff()) {
      if (userId !== undefined && user.id !== userId) continue;
      if (!(await isPinOf(user.pin_hash, pin))) continue;
      if (tries.failures > 0) file.keep(TRIES_KEY, null);
      return { id: user.id, name: user.name, role: user.role };
    }
    file.keep(TRIES_KEY, JSON.stringify(afterWrong(tries.failures === 0 ? NO_TRIES : tries, nowMs())));
    throw new TillcastError('pin_wrong', 'That PIN is not right. Try it again.');
  }
}
