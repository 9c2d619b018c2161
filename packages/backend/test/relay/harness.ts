import { randomUUID } from 'node:crypto';
import {
  BrokerConnection,
  type Delivery,
  decodeContent,
  Publisher,
  Subscriber,
  silentLogger,
} from '@tillcast/broker';
import type { LicenseKey } from '@tillcast/protocol/license-key';
import { type ChangeMessage, decodeMessage, type Message } from '@tillcast/protocol/messages/envelope';
import { bindingsOf } from '@tillcast/protocol/routing';
import type { Database } from '../../src/database/database.ts';
import type { ChangeLog } from '../../src/relay/change-log.ts';
import { databaseChangeLog } from '../../src/relay/database-change-log.ts';
import { Relay } from '../../src/relay/relay.ts';
import type { RelayObserver, RelayPublisher } from '../../src/relay/relay-options.ts';

const READY_TIMEOUT_MS = 60_000;

/** A relay with a connection and publisher of its own, as a backend has it. */
export interface RunningRelay extends AsyncDisposable {
  readonly publisher: Publisher;
  readonly relay: Relay;
  readonly stop: () => Promise<void>;
}

export interface RelaySetup {
  readonly database: Database;
  readonly amqpUrl: string;
  readonly observer?: RelayObserver;
  readonly coalesceBeyond?: number;
  /** What stands between the relay and the real change log. */
  readonly seenBy?: (log: ChangeLog) => ChangeLog;
  /** What stands between the relay and the real publisher. */
  readonly through?: (publisher: Publisher) => RelayPublisher;
}

export async function startRelay(setup: RelaySetup): Promise<RunningRelay> {
  const connection = new BrokerConnection({
    urls: [setup.amqpUrl],
    connectionName: 'relay under test',
    backoff: { initialMs: 50, maxMs: 500 },
    logger: silentLogger,
  });
  const publisher = new Publisher({ connection });
  const log = databaseChangeLog(setup.database);
  const relay = new Relay({
    log: setup.seenBy?.(log) ?? log,
    publisher: setup.through?.(publisher) ?? publisher,
    logger: silentLogger,
    ...(setup.observer === undefined ? {} : { observer: setup.observer }),
    ...(setup.coalesceBeyond === undefined ? {} : { coalesceBeyond: setup.coalesceBeyond }),
  });
  publisher.start();
  connection.start();
  await publisher.whenReady(READY_TIMEOUT_MS);
  await relay.start();
  const stop = async (): Promise<void> => {
    await relay.stop();
    await publisher.stop();
    await connection.stop();
  };
  return { publisher, relay, stop, [Symbol.asyncDispose]: stop };
}

/** Takes what a terminal of the license would be sent, in order of arrival. */
export class Listener implements AsyncDisposable {
  readonly messages: Message[] = [];
  readonly deliveries: Delivery[] = [];
  readonly #connection: BrokerConnection;
  readonly #subscriber: Subscriber;
  readonly #publisher: Publisher;
  #onMessage: (() => void) | undefined;

  private constructor(amqpUrl: string, bindings: readonly string[], onAttached: () => void) {
    this.#connection = new BrokerConnection({
      urls: [amqpUrl],
      connectionName: 'listener',
      backoff: { initialMs: 50, maxMs: 500 },
      logger: silentLogger,
    });
    this.#subscriber = new Subscriber({
      connection: this.#connection,
      terminalId: randomUUID(),
      bindings,
      handler: (delivery) => this.#take(delivery),
      onError: (error) => {
        throw error;
      },
      onAttached,
    });
    // A publisher declares the exchange that the queue is bound to.
    this.#publisher = new Publisher({ connection: this.#connection });
    this.#publisher.start();
    this.#connection.start();
  }

  static async attach(amqpUrl: string, licenseKey: LicenseKey | '#'): Promise<Listener> {
    const attached = Promise.withResolvers<void>();
    const bindings = licenseKey === '#' ? ['#'] : bindingsOf(licenseKey);
    const listener = new Listener(amqpUrl, bindings, () => attached.resolve());
    await listener.#publisher.whenReady(READY_TIMEOUT_MS);
    listener.#subscriber.start();
    await attached.promise;
    return listener;
  }

  /** The changes that came, in order of arrival. */
  get changes(): readonly ChangeMessage[] {
    return this.messages.filter((message): message is ChangeMessage => !('expires_at' in message));
  }

  /** Resolves when what has come satisfies the condition. */
  async until(condition: (listener: Listener) => boolean): Promise<void> {
    while (!condition(this)) {
      await new Promise<void>((resolve) => {
        this.#onMessage = resolve;
      });
    }
  }

  async [Symbol.asyncDispose](): Promise<void> {
    await this.#subscriber.stop();
    await this.#publisher.stop();
    await this.#connection.stop();
  }

  #take(delivery: Delivery): void {
    this.deliveries.push(delivery);
    const body = decodeContent(delivery.body, delivery.contentEncoding);
    this.messages.push(decodeMessage(Buffer.from(body).toString()));
    this.#onMessage?.();
  }
}

/** Each license's versions in order of arrival, without those that came again. */
export function firstArrivals(changes: readonly ChangeMessage[]): Map<string, number[]> {
  const seen = new Map<string, number[]>();
  for (const { license_key, version } of changes) {
    const versions = seen.get(license_key) ?? [];
    if (!versions.includes(version)) versions.push(version);
    seen.set(license_key, versions);
  }
  return seen;
}

export function upTo(version: number): number[] {
  return Array.from({ length: version }, (_, index) => index + 1);
}
