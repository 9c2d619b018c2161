import { type Channel, type ConfirmChannel, IllegalOperationError } from 'amqplib';
import type { Clock } from './clock.ts';
import type { Connected } from './connect-once.ts';
import type { ChannelSource } from './session.ts';

/** How long a broker may take to answer our `connection.close` before the socket is destroyed. */
const CLOSE_TIMEOUT_MS = 5_000;

/** One established connection, followed until its end. */
export interface LiveConnection extends ChannelSource {
  /** Aborts when the connection ended or is to be ended: its sessions close then. */
  readonly ending: AbortController;
  /** Resolves with the cause once the connection is closed. */
  readonly closed: Promise<Error>;
  /** `connection.update-secret`; settles only if the broker answers. */
  updateSecret(secret: string, reason: string): Promise<void>;
  /** Closes with AMQP's handshake, or without it when the broker does not answer in time. */
  close(clock: Clock): Promise<void>;
}

/** Follows an established connection. */
export function followConnection(connected: Connected): LiveConnection {
  const { model } = connected;
  const ending = new AbortController();
  const { promise: closed, resolve } = Promise.withResolvers<Error>();
  let isClosed = false;
  const end = (cause: Error): void => {
    isClosed = true;
    ending.abort(cause);
    resolve(cause);
  };
  model.on('close', (cause?: Error) => end(cause ?? new Error('The connection was closed')));

  // A connection that closed before anybody listened never says so; its next use does.
  const orEnd = async <T extends Channel>(creating: Promise<T>): Promise<T> => {
    try {
      return await creating;
    } catch (error) {
      if (error instanceof IllegalOperationError) end(error);
      throw error;
    }
  };

  return {
    ending,
    closed,
    createChannel: (): Promise<Channel> => orEnd(model.createChannel()),
    createConfirmChannel: (): Promise<ConfirmChannel> => orEnd(model.createConfirmChannel()),
    updateSecret: (secret, reason) => model.updateSecret(Buffer.from(secret), reason),
    close: async (clock) => {
      if (isClosed) return;
      const answered = new AbortController();
      const giveUp = clock.sleep(CLOSE_TIMEOUT_MS, answered.signal).then(
        () => connected.destroy(),
        () => undefined,
      );
      // It rejects when the connection was lost meanwhile, which is just as well.
      await Promise.race([model.close().catch(() => undefined), closed, giveUp]);
      answered.abort();
    },
  };
}
