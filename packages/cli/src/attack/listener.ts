import { randomBytes } from 'node:crypto';
import { setTimeout as sleep } from 'node:timers/promises';
import { SIGNATURE_HEADER } from '@tillcast/protocol/messages/signature';
import { bindingsOf } from '@tillcast/protocol/routing';
import { terminalQueue } from '@tillcast/protocol/topology';
import type { ChannelModel } from 'amqplib';
import { type BrokerTarget, login } from './amqp-probe.ts';
import type { AttackTill } from './stage.ts';

/** Something that reached a till’s queue. */
export interface Heard {
  readonly routingKey: string;
  readonly version: number | null;
  readonly text: string;
  /** The value of its signature header; empty where it has none. */
  readonly signature: string;
}

const HEARD_TIMEOUT_MS = 20_000;

/** A till’s queue with a till’s bindings and a till’s token, on a connection of its own. */
export class Listener implements AsyncDisposable {
  readonly queue: string;
  readonly heard: Heard[] = [];
  readonly #till: AttackTill;
  readonly #model: ChannelModel;
  #token: string;
  #lost: string | null = null;

  private constructor(till: AttackTill, model: ChannelModel, queue: string, token: string) {
    this.#till = till;
    this.#model = model;
    this.#token = token;
    this.queue = queue;
  }

  static async attach(target: BrokerTarget, till: AttackTill): Promise<Listener> {
    const token = await till.token();
    const model = await login(target, till.terminalId, token);
    const channel = await model.createChannel();
    const {
      name,
      exclusive,
      autoDelete,
      durable,
      arguments: args,
    } = terminalQueue(till.terminalId, randomBytes(9).toString('base64url'));
    await channel.assertQueue(name, { exclusive, autoDelete, durable, arguments: args });
    for (const key of bindingsOf(till.licenseKey)) await channel.bindQueue(name, 'pos_license_events', key);
    const listener = new Listener(till, model, name, token);
    model.on(
      'close',
      (error: unknown) => (listener.#lost ??= `its connection was closed (${String(error)})`),
    );
    channel.on('error', (error: unknown) => (listener.#lost ??= `its channel was closed (${String(error)})`));
    await channel.consume(
      name,
      (message) => {
        if (message === null) {
          listener.#lost ??= 'its queue is gone';
          return;
        }
        const text = message.content.toString('utf8');
        const header: unknown = message.properties.headers?.[SIGNATURE_HEADER];
        listener.heard.push({
          routingKey: message.fields.routingKey,
          version: versionIn(text),
          text,
          signature: typeof header === 'string' ? header : '',
        });
      },
      { noAck: true },
    );
    return listener;
  }

  /** Why it hears nothing more; null while it does. */
  get lost(): string | null {
    return this.#lost;
  }

  /** Hands a token on that was renewed meanwhile. */
  async renew(): Promise<void> {
    const token = await this.#till.token();
    if (token === this.#token || this.#lost !== null) return;
    this.#token = token;
    await this.#model.updateSecret(Buffer.from(token), 'renewed');
  }

  /** Waits for the license’s own change of this version; rejects where it does not come. */
  async hear(version: number): Promise<void> {
    const own = `license.${this.#till.licenseKey}.`;
    const until = performance.now() + HEARD_TIMEOUT_MS;
    for (;;) {
      if (this.heard.some((each) => each.routingKey.startsWith(own) && each.version === version)) return;
      if (this.#lost !== null) throw new Error(`The listener of ${this.#till.licenseKey}: ${this.#lost}.`);
      if (performance.now() > until) {
        throw new Error(`The listener of ${this.#till.licenseKey} did not hear its own version ${version}.`);
      }
      await sleep(5);
    }
  }

  async [Symbol.asyncDispose](): Promise<void> {
    if (this.#lost === null) await this.#model.close();
  }
}

function versionIn(text: string): number | null {
  const found = /"version":(\d+)/.exec(text)?.[1];
  return found === undefined ? null : Number(found);
}
