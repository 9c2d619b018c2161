import type { Delivery } from '@tillcast/broker';
import type { MessageKeys } from '../identity/message-keys.ts';

/** A message that waits for its key. */
export interface WaitingDelivery {
  readonly delivery: Delivery;
  readonly receivedAtMs: number;
}

/** So many wait at most: whoever can publish could else fill the memory. */
export const WAITING_MAX = 64;

/**
 * Holds the messages whose key is not known while the server is asked for it, so that a rotation of which the
 * till did not hear costs no message its way through the broker.
 */
export class UnknownKeys {
  readonly #keys: MessageKeys;
  readonly #onAsked: (waiting: readonly WaitingDelivery[]) => void;
  #waiting: WaitingDelivery[] = [];
  #asked: Promise<void> = Promise.resolve();

  /** @param onAsked gets the messages in order when the server has answered, or has not */
  constructor(keys: MessageKeys, onAsked: (waiting: readonly WaitingDelivery[]) => void) {
    this.#keys = keys;
    this.#onAsked = onAsked;
  }

  /** False where it cannot wait: too many do, or the server was asked only just now. */
  hold(kid: string, waiting: WaitingDelivery): boolean {
    if (this.#waiting.length >= WAITING_MAX) return false;
    const asking = this.#keys.unknown(kid);
    if (asking === null) return false;
    this.#waiting.push(waiting);
    if (this.#waiting.length === 1) this.#asked = asking.then(() => this.#release());
    return true;
  }

  /**
   * Holds a message behind those that wait, so that none is taken before one that came earlier: the key may be known a moment
   * before they are. False where none waits, or too many do.
   */
  holdBehind(waiting: WaitingDelivery): boolean {
    if (this.#waiting.length === 0 || this.#waiting.length >= WAITING_MAX) return false;
    this.#waiting.push(waiting);
    return true;
  }

  /** Resolves when nothing waits. */
  async drained(): Promise<void> {
    await this.#asked;
  }

  #release(): void {
    const waiting = this.#waiting;
    this.#waiting = [];
    this.#onAsked(waiting);
  }
}
