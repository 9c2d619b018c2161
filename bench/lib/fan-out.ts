import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { existsSync } from 'node:fs';
import { connect as connectNats, type NatsConnection } from '@nats-io/transport-node';
import { freePort } from '@tillcast/testkit';
import { connect } from 'amqplib';
import { io } from 'socket.io-client';
import type { BenchContext } from './benchmark.ts';
import { startChild } from './child.ts';
import { timed } from './measure.ts';
import { inParallel } from './parallel.ts';

const AT_ONCE = 50;
const NATS_SERVERS = ['/usr/sbin/nats-server', '/usr/local/bin/nats-server', '/opt/homebrew/bin/nats-server'];

/** Receivers that this process counts for. */
export class Arrivals {
  readonly #count: number;
  #missing = 0;
  #done: () => void = () => undefined;

  constructor(count: number) {
    this.#count = count;
  }

  arrived(): void {
    this.#missing -= 1;
    if (this.#missing === 0) this.#done();
  }

  /** Resolves when one more message has come to each. */
  nextEverywhere(): Promise<void> {
    const { promise, resolve } = Promise.withResolvers<void>();
    this.#missing = this.#count;
    this.#done = resolve;
    return promise;
  }
}

/** A way to send one message to many. */
export interface FanOut extends AsyncDisposable {
  /** The milliseconds from sending one message until the last receiver has it. */
  readonly once: () => Promise<number>;
}

/** @param onFirst what each of the first receivers does with a message: they are as many as there are functions */
export async function rawFanOut(
  context: BenchContext,
  count: number,
  body: Buffer,
  onFirst: readonly (() => void)[],
): Promise<FanOut> {
  await using stack = new AsyncDisposableStack();
  const arrivals = new Arrivals(count);
  const queues = await inParallel(
    AT_ONCE,
    Array.from({ length: count }, (_, index) => onFirst[index]),
    (work) =>
      consume(context.amqpUrl, ['bench.bare.#'], () => {
        work?.();
        arrivals.arrived();
      }),
  );
  for (const queue of queues) stack.use(queue);
  const publisher = await connect(context.amqpUrl, { noDelay: true });
  stack.defer(() => publisher.close());
  const channel = await publisher.createConfirmChannel();
  return kept(stack, arrivals, () => {
    channel.publish('pos_license_events', 'bench.bare.one', body, { deliveryMode: 1 });
  });
}

export async function socketIoFanOut(count: number, body: Buffer): Promise<FanOut> {
  await using stack = new AsyncDisposableStack();
  const server = stack.use(await startChild(new URL('./socket-io-process.ts', import.meta.url)));
  const arrivals = new Arrivals(count);
  await inParallel(AT_ONCE, Array.from({ length: count }), async () => {
    const socket = io(server.url, { transports: ['websocket'], forceNew: true });
    stack.defer(() => void socket.close());
    socket.on('change', () => arrivals.arrived());
    await new Promise<void>((resolve) => socket.once('joined', resolve));
  });
  return kept(stack, arrivals, async () => {
    await (await fetch(server.url, { method: 'POST', body })).text();
  });
}

/** Null where there is no NATS server on this machine. */
export async function natsFanOut(count: number, body: Buffer): Promise<FanOut | null> {
  const program = NATS_SERVERS.find((path) => existsSync(path));
  if (program === undefined) return null;
  await using stack = new AsyncDisposableStack();
  const port = await freePort();
  const server = spawn(program, ['--addr', '127.0.0.1', '--port', String(port)], { stdio: 'ignore' });
  const ended = once(server, 'exit');
  stack.defer(async () => {
    server.kill();
    await ended;
  });
  const arrivals = new Arrivals(count);
  const open = async (): Promise<NatsConnection> => {
    const connection = await connectNats({ servers: `127.0.0.1:${port}`, waitOnFirstConnect: true });
    stack.defer(() => connection.close());
    return connection;
  };
  const publisher = await open();
  await inParallel(AT_ONCE, Array.from({ length: count }), async () => {
    const connection = await open();
    connection.subscribe('license.one', { callback: () => arrivals.arrived() });
    await connection.flush();
  });
  return kept(stack, arrivals, () => publisher.publish('license.one', body));
}

/** Keeps what was started. */
function kept(stack: AsyncDisposableStack, arrivals: Arrivals, send: () => void | Promise<void>): FanOut {
  const moved = stack.move();
  return {
    once: () =>
      timed(async () => {
        const all = arrivals.nextEverywhere();
        await send();
        await all;
      }),
    [Symbol.asyncDispose]: () => moved.disposeAsync(),
  };
}

/** A connection and a queue of its own, as a till has them. */
export async function consume(
  url: string,
  bindings: readonly string[],
  onMessage: () => void,
): Promise<AsyncDisposable> {
  const connection = await connect(url, { noDelay: true });
  const channel = await connection.createChannel();
  const name = `terminal.${crypto.randomUUID()}.${crypto.randomUUID()}`;
  const { queue } = await channel.assertQueue(name, { exclusive: true, autoDelete: true, durable: false });
  for (const binding of bindings) await channel.bindQueue(queue, 'pos_license_events', binding);
  await channel.consume(queue, onMessage, { noAck: true });
  return { [Symbol.asyncDispose]: () => connection.close() };
}
