import type { Channel } from 'amqplib';

/** Follows the life of one channel. */
export interface ChannelLife {
  /** Resolves with the cause when the channel closed, or when it was declared lost. Never rejects. */
  readonly lost: Promise<Error>;
  /** Whether the channel is still to be used. */
  isOpen(): boolean;
  /** Declares the channel lost for a reason of our own. */
  declareLost(cause: Error): void;
  /** Closes the channel if it is not closed yet; resolves as well when the connection ends first. */
  close(): Promise<void>;
}

/**
 * Watches a channel for its end. amqplib emits `error` (where the server gave a reason) and then `close`;
 * `close` alone comes with the end of the connection.
 */
export function watchChannel(channel: Channel): ChannelLife {
  const lost = Promise.withResolvers<Error>();
  const closed = Promise.withResolvers<void>();
  let open = true;
  let isClosed = false;
  let reason: Error | null = null;
  channel.on('error', (error: Error) => {
    reason = error;
  });
  channel.on('close', () => {
    open = false;
    isClosed = true;
    closed.resolve();
    lost.resolve(reason ?? new Error('The channel was closed'));
  });
  return {
    lost: lost.promise,
    isOpen: () => open,
    declareLost: (cause) => {
      open = false;
      lost.resolve(cause);
    },
    close: async () => {
      open = false;
      // amqplib's own promise never settles when the connection ends before the broker has answered.
      if (!isClosed) await Promise.race([channel.close(), closed.promise]);
    },
  };
}
