import { connect, type Socket } from 'node:net';
import { AmqpDeliveries } from './amqp-deliveries.ts';
import type { FaultTally, Interception, LineFaults } from './faults.ts';
import { Flow } from './flow.ts';

export interface LineOptions {
  /** The client's end, accepted and not read from yet. */
  readonly near: Socket;
  readonly target: { readonly host: string; readonly port: number };
  readonly amqp: boolean;
  readonly faults: () => LineFaults;
  /** In [0, 1): of the time that bytes take. */
  readonly jitter: () => number;
  /** In [0, 1): of what becomes of deliveries; apart, since bytes come in other pieces each time. */
  readonly random: () => number;
  readonly tally: FaultTally;
  /** The interception that these bytes of the client's meet, once. */
  readonly intercepted: (bytes: Buffer) => Interception | null;
  readonly onClosed: () => void;
}

/** One connection through the proxy: the client's end and the server's. */
export class Line {
  readonly #options: LineOptions;
  #far: Socket | null = null;
  #flows: readonly Flow[] = [];
  #deliveries: AmqpDeliveries | null = null;
  #isDead = false;
  #open = 1;

  constructor(options: LineOptions) {
    this.#options = options;
    const { near, faults } = options;
    near.on('error', () => undefined);
    near.on('close', () => this.#closed());
    // A client that was never led anywhere may go all the same.
    near.on('end', () => {
      if (this.#isDead) near.end();
    });
    if (faults().newcomers === 'ignored') this.abandon();
    else this.look();
  }

  /** Whether the client's end is open. */
  get nearIsOpen(): boolean {
    return !this.#options.near.destroyed;
  }

  /** Whether the server's end is open. */
  get farIsOpen(): boolean {
    return this.#far !== null && !this.#far.destroyed;
  }

  /** The faults may have changed. */
  look(): void {
    if (this.#isDead) return;
    // Through a black hole nobody is reached.
    if (this.#far === null && this.#options.faults().traffic !== 'held') this.#dial();
    for (const flow of this.#flows) flow.look();
  }

  /** Cuts the cable: neither end hears of it, nor anything more of the other. */
  abandon(): void {
    if (this.#isDead) return;
    this.#isDead = true;
    for (const flow of this.#flows) flow.stop();
    this.#deliveries?.stop();
    // Read on, so that the end's own close is seen here.
    this.#options.near.resume();
    this.#far?.resume();
  }

  /** Tears both ends off by RST. */
  reset(): void {
    this.abandon();
    this.#options.near.resetAndDestroy();
    this.#far?.resetAndDestroy();
  }

  #dial(): void {
    const { near, target, faults, jitter } = this.#options;
    const far = connect({ ...target, allowHalfOpen: true, noDelay: true });
    this.#far = far;
    this.#open += 1;
    const up = new Flow({ from: near, towards: 'server', to: far, faults, random: jitter });
    const down = new Flow({ from: far, towards: 'client', to: near, faults, random: jitter });
    this.#flows = [up, down];
    const deliveries = this.#options.amqp ? this.#deliveriesOf(up, down) : null;
    this.#deliveries = deliveries;
    this.#join(near, up, (bytes) => {
      const interception = this.#options.intercepted(bytes);
      if (interception !== null) {
        const { passes } = interception;
        this.abandon();
        if (passes !== false) far.write(passes === true ? bytes : bytes.subarray(0, passes(bytes)));
      } else if (deliveries === null) up.push(bytes);
      else deliveries.takeFromClient(bytes);
    });
    this.#join(far, down, (bytes) =>
      deliveries === null ? down.push(bytes) : deliveries.takeFromServer(bytes),
    );
    far.on('close', () => this.#closed());
    near.resume();
  }

  #join(from: Socket, flow: Flow, take: (bytes: Buffer) => void): void {
    from.on('data', (bytes) => {
      if (!this.#isDead) take(bytes);
    });
    from.on('end', () => (this.#isDead ? from.end() : flow.finish('end')));
    from.on('error', () => flow.finish('reset'));
    from.on('close', () => flow.finish(from.readableEnded ? 'end' : 'reset'));
  }

  #deliveriesOf(up: Flow, down: Flow): AmqpDeliveries {
    const { faults, random, tally } = this.#options;
    return new AmqpDeliveries({
      faults: () => faults().deliveries,
      random,
      tally,
      toClient: (bytes) => down.push(bytes),
      toServer: (bytes) => up.push(bytes),
    });
  }

  #closed(): void {
    this.#open -= 1;
    // An end that closed before the other was reached: there is nothing to bring there.
    if (this.#open === 0) {
      this.abandon();
      this.#options.onClosed();
    }
  }
}
