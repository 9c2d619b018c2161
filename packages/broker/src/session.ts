import type { Channel, ConfirmChannel } from 'amqplib';

/** Where a session takes its channels from: the living connection. */
export interface ChannelSource {
  createChannel(): Promise<Channel>;
  createConfirmChannel(): Promise<ConfirmChannel>;
}

/** A session that is set up. */
export interface OpenSession {
  /** Resolves with the cause once the session is lost, be it alone or with its connection. Never rejects. */
  readonly lost: Promise<Error>;
  /** Ends the session in an orderly way: waits for what is in flight. Called at most once, and not after `lost`. */
  close(): Promise<void>;
}

/**
 * A use of the connection that is set up again at each connect, and alone when it is lost alone
 * (a channel closed, a consumer cancelled). It declares whatever topology it needs each time.
 */
export interface Session {
  /** For logs: "publisher", "terminal 0192…". */
  readonly name: string;
  /** Sets up. Throws what it cannot; it is then tried again, with back-off. */
  open(channels: ChannelSource): Promise<OpenSession>;
}
