import { createPublicKey, type KeyObject } from 'node:crypto';
import { join } from 'node:path';
import type { Logger } from '@tillcast/broker';
import { asTillcastError } from '@tillcast/protocol/errors';
import { type MessageKey, messageKeysSchema } from '@tillcast/protocol/http/identity-api';
import { readIfThere, removeDurably, writeDurably } from './durable-file.ts';

/** The keys whose messages a till believes. */
export interface MessageKeys {
  /** Null where the server did not tell of it. */
  find(kid: string): KeyObject | null;
  /**
   * A message came that is signed with a key of which the server did not tell: asks it which keys there are.
   * Resolves when it has answered, or not; null where it was asked only just now, so that messages with
   * made-up keys do not become questions.
   */
  unknown(kid: string): Promise<void> | null;
}

export interface KeptMessageKeysOptions {
  readonly dataDir: string;
  /** Asks the server for its keys. @throws TillcastError where it does not say */
  readonly ask: (signal: AbortSignal) => Promise<readonly MessageKey[]>;
  readonly logger: Logger;
  /** Milliseconds that only ever grow; left out: the machine's. */
  readonly nowMs?: () => number;
}

/** Between one question and the next. */
export const ASK_AGAIN_MS = 10_000;

const FILE = 'message-keys.json';

/** Writes what the server told with the activation; the till that starts reads it. @throws Error where it cannot */
export function keepMessageKeys(dataDir: string, told: readonly MessageKey[]): void {
  writeDurably(join(dataDir, FILE), `${JSON.stringify({ keys: told })}\n`);
}

/** Removes what was kept. */
export function removeMessageKeys(dataDir: string): void {
  removeDurably(join(dataDir, FILE));
}

/**
 * The keys of which the server told last, kept in the till's folder, so that a till that starts without the
 * server knows them too. What the server tells replaces what was known: a key that is gone is believed no more.
 */
export class KeptMessageKeys implements MessageKeys {
  readonly #options: KeptMessageKeysOptions;
  readonly #path: string;
  readonly #stopping = new AbortController();
  #keys: ReadonlyMap<string, KeyObject> = new Map();
  #text = '';
  #asking: Promise<void> | null = null;
  #askedAtMs = -Infinity;

  constructor(options: KeptMessageKeysOptions) {
    this.#options = options;
    this.#path = join(options.dataDir, FILE);
    this.#read();
  }

  find(kid: string): KeyObject | null {
    return this.#keys.get(kid) ?? null;
  }

  unknown(kid: string): Promise<void> | null {
    if (this.#asking !== null) return this.#asking;
    const { logger, nowMs = (): number => performance.now() } = this.#options;
    const now = nowMs();
    if (this.#stopping.signal.aborted || now - this.#askedAtMs < ASK_AGAIN_MS) return null;
    this.#askedAtMs = now;
    logger.info({ kid }, 'A message is signed with a key that is not known here: asking for the keys');
    return this.refresh();
  }

  /** Asks the server for its keys now; where it does not say, those that are known stay. Never rejects. */
  refresh(): Promise<void> {
    this.#asking ??= this.#ask().finally(() => {
      this.#asking = null;
    });
    return this.#asking;
  }

  /** Takes what the server told: with an activation, a token, or because it was asked. */
  learn(told: readonly MessageKey[]): void {
    const text = JSON.stringify({ keys: told });
    if (text === this.#text) return;
    this.#take(told);
    this.#text = text;
    const kids = told.map(({ kid }) => kid);
    try {
      keepMessageKeys(this.#options.dataDir, told);
      this.#options.logger.info({ kids }, 'The keys of messages were learnt');
    } catch (error) {
      // Without the file a start without the server takes no messages; until then nothing is missing.
      this.#options.logger.error({ err: error, path: this.#path }, 'The keys of messages could not be kept');
    }
  }

  /** Gives up what is asked for. Idempotent. */
  async stop(): Promise<void> {
    this.#stopping.abort();
    await this.#asking;
  }

  async #ask(): Promise<void> {
    try {
      this.learn(await this.#options.ask(this.#stopping.signal));
    } catch (error) {
      if (this.#stopping.signal.aborted) return;
      const { code, message } = asTillcastError(error);
      this.#options.logger.warn({ code }, `The keys of messages could not be asked for: ${message}`);
    }
  }

  #take(told: readonly MessageKey[]): void {
    this.#keys = new Map(told.map(({ kid, ...jwk }) => [kid, createPublicKey({ key: jwk, format: 'jwk' })]));
  }

  /** A file that is no good counts as none: the server tells them again. */
  #read(): void {
    try {
      const text = readIfThere(this.#path);
      if (text === null) return;
      const { keys } = messageKeysSchema.parse(JSON.parse(text));
      this.#take(keys);
      this.#text = JSON.stringify({ keys });
    } catch (error) {
      this.#options.logger.warn(
        { err: error, path: this.#path },
        'The kept keys of messages could not be used: the server is asked for them',
      );
    }
  }
}
