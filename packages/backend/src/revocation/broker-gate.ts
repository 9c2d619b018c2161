/** What is asked of the broker to keep terminals out. Each rejects with `broker_unavailable` where it is away. */
export interface BrokerGate {
  /** From now on, whoever brings a token of these terminals is refused. Doing it again changes nothing. */
  block(terminalIds: readonly string[]): Promise<void>;
  /** Their tokens are taken, and each may have open what a terminal may, and no more. Doing it again changes nothing. */
  limit(terminalIds: readonly string[]): Promise<void>;
  /** Nothing is kept of them any more: they are gone for good, and their tokens have ended. */
  forget(terminalIds: readonly string[]): Promise<void>;
  /** Closes all connections of a terminal, also those that are only just being made. None is as good. */
  close(terminalId: string, reason: string): Promise<void>;
}
