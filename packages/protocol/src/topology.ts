/** The exchange that all messages go through. */
export const EVENTS_EXCHANGE = { name: 'pos_license_events', type: 'topic', durable: true } as const;

/** Ready messages a terminal's queue keeps; older ones are dropped, and the version gap repairs it (SPEC Q3). */
export const TERMINAL_QUEUE_MAX_LENGTH = 10_000;

/** A terminal's queue, as AMQP's `queue.declare` takes it. */
export interface TerminalQueue {
  readonly name: string;
  readonly exclusive: true;
  readonly autoDelete: true;
  readonly durable: false;
  readonly arguments: Readonly<Record<string, string | number>>;
}

/**
 * The queue of one connected terminal, named `terminal.<TERMINAL_ID>.<random>`.
 *
 * The terminal id is a UUID and the suffix is new at each connect: nobody can guess a queue's name, and a
 * half-dead connection, which keeps its exclusive queue locked, never holds the next one's.
 * `drop-head` and not `reject-publish`: one slow terminal must not nack the publisher.
 */
export function terminalQueue(terminalId: string, random: string): TerminalQueue {
  return {
    name: `terminal.${terminalId}.${random}`,
    exclusive: true,
    autoDelete: true,
    durable: false,
    arguments: { 'x-max-length': TERMINAL_QUEUE_MAX_LENGTH, 'x-overflow': 'drop-head' },
  };
}
