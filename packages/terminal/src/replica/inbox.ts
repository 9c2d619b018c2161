import type { Delivery, Logger } from '@tillcast/broker';
import type { SignedNotice } from '@tillcast/protocol/http/status-api';
import type { LicenseKey } from '@tillcast/protocol/license-key';
import type { BroadcastMessage } from '@tillcast/protocol/messages/envelope';
import { SIGNATURE_HEADER } from '@tillcast/protocol/messages/signature';
import type { IncomingChange } from '@tillcast/protocol/replica/event';
import type { MessageKeys } from '../identity/message-keys.ts';
import type { NewActivity } from '../store/activity-table.ts';
import type { Counters } from './counters.ts';
import { type DropReason, readDelivery, type SignatureCheck } from './incoming.ts';
import { RefusedMessages } from './refused-messages.ts';
import type { TillClock } from './till-clock.ts';
import { UnknownKeys } from './unknown-keys.ts';

export interface InboxOptions {
  readonly licenseKey: LicenseKey;
  /** Whose messages are believed. */
  readonly keys: MessageKeys;
  /** Left out: Ed25519. */
  readonly checkSignature?: SignatureCheck;
  readonly clock: TillClock;
  readonly counters: Counters;
  readonly logger: Logger;
  readonly onChange: (change: IncomingChange) => void;
  readonly onBroadcast: (message: BroadcastMessage, receivedAtMs: number) => void;
  /** Messages were refused: a line for the activity log. */
  readonly onRefused: (line: NewActivity) => void;
}

/** Tells what comes from the broker apart: what the server signed for this till, and what is refused. */
export class Inbox {
  readonly #options: InboxOptions;
  readonly #unknownKeys: UnknownKeys;
  readonly #refused: RefusedMessages;
  #stopped = false;

  constructor(options: InboxOptions) {
    this.#options = options;
    this.#refused = new RefusedMessages(options.clock, options.onRefused);
    this.#unknownKeys = new UnknownKeys(options.keys, (waiting) => {
      for (const { delivery, receivedAtMs } of waiting) this.#read(delivery, receivedAtMs, 'last');
    });
  }

  /** Handed on, refused, or held for its key when this returns. */
  take(delivery: Delivery): void {
    const { clock, counters } = this.#options;
    counters.add('message_received');
    const receivedAtMs = clock.nowMs();
    if (this.#unknownKeys.holdBehind({ delivery, receivedAtMs })) return;
    this.#read(delivery, receivedAtMs, 'first');
  }

  /** Takes a broadcast that the server's answer brought: believed, or not, as if the broker had brought it. */
  takeNotice({ type, message, signature }: SignedNotice): void {
    const delivery: Delivery = {
      routingKey: `license.*.broadcast.${type}`,
      body: Buffer.from(message),
      headers: { [SIGNATURE_HEADER]: signature },
      messageId: null,
      type: null,
      timestampMs: null,
      contentEncoding: null,
      redelivered: false,
    };
    this.#read(delivery, this.#options.clock.nowMs(), 'first');
  }

  /** Hands on nothing from now on; resolves when nothing waits for its key. */
  async stop(): Promise<void> {
    this.#stopped = true;
    this.#refused.stop();
    await this.#unknownKeys.drained();
  }

  /** @param look at the last look, the server has been asked for the key that was not known at the first */
  #read(delivery: Delivery, receivedAtMs: number, look: 'first' | 'last'): void {
    if (this.#stopped) return;
    const { licenseKey, keys, checkSignature, onChange, onBroadcast } = this.#options;
    const incoming = readDelivery(delivery, licenseKey, keys, receivedAtMs, checkSignature);
    switch (incoming.kind) {
      case 'change':
        return onChange(incoming.change);
      case 'broadcast':
        return onBroadcast(incoming.message, receivedAtMs);
      case 'unknown_key': {
        const { kid } = incoming;
        if (look === 'first' && this.#unknownKeys.hold(kid, { delivery, receivedAtMs })) return;
        return this.#drop(delivery, 'message_key_unknown', `the server did not tell of its key ${kid}`);
      }
      case 'dropped':
        return this.#drop(delivery, incoming.why, incoming.detail);
    }
  }

  #drop({ routingKey, messageId }: Delivery, why: DropReason, detail: string): void {
    const { counters, logger } = this.#options;
    counters.add(why);
    const fields = { routingKey: routingKey.slice(0, 255), messageId, why };
    logger.warn(fields, `A message was dropped: ${detail}`);
    this.#refused.refused(why);
  }
}
