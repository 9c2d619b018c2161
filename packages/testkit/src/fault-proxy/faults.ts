/** What befalls the messages that a broker delivers, on lines that stay up; shares are of all deliveries, 0 to 1. */
export interface DeliveryFaults {
  /** This share never arrives; to the broker it looks acknowledged. */
  readonly drop?: number;
  /** This share arrives twice; the broker gets one acknowledgement. */
  readonly double?: number;
  /** This share arrives late, and so behind what was sent after it. */
  readonly delay?: { readonly share: number; readonly maxMs: number };
}

/** What a line between a client and its server suffers. */
export interface LineFaults {
  /** Each byte is so long under way, in each direction. */
  readonly latencyMs: number;
  /** Up to so much longer, by chance; the order of bytes is kept, as TCP keeps it. */
  readonly jitterMs: number;
  /** In each direction; null is as fast as it goes. */
  readonly bytesPerSecond: number | null;
  /**
   * `held`: a black hole. Nothing passes, no end either, until traffic passes again; then it comes, as TCP sends it
   * anew. `held_to_server` and `held_to_client`: in that direction alone.
   */
  readonly traffic: 'passes' | 'held' | 'held_to_server' | 'held_to_client';
  /** `ignored`: new connections are accepted, and never get a word. */
  readonly newcomers: 'served' | 'ignored';
  /** Only of lines that speak AMQP in plain text. */
  readonly deliveries: DeliveryFaults;
}

export const NO_FAULTS: LineFaults = {
  latencyMs: 0,
  jitterMs: 0,
  bytesPerSecond: null,
  traffic: 'passes',
  newcomers: 'served',
  deliveries: {},
};

/** A moment on a line that is waited for, and that the line does not survive. */
export interface Interception {
  /**
   * Whether these are the bytes that a client sends its server, as they came from the network in one piece.
   * @param line which one it is, counted from 1
   */
  readonly sees: (bytes: Buffer, line: number) => boolean;
  /** Whether the server still gets them, or how many of them; the client hears nothing of it either way. */
  readonly passes: boolean | ((bytes: Buffer) => number);
}

/** What a proxy has seen and done since it was opened. */
export interface FaultTally {
  /** Connections accepted. */
  lines: number;
  /** Deliveries that came from the broker, whatever became of them. */
  deliveries: number;
  dropped: number;
  doubled: number;
  delayed: number;
}
