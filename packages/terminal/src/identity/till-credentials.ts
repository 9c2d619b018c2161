import type { BrokerConnection, BrokerCredentials } from '@tillcast/broker';
import type { ErrorCode } from '@tillcast/protocol/errors';
import type { LicenseKey } from '@tillcast/protocol/license-key';

/** What speaks for a till at the sync API. */
export interface ApiCredentials {
  /**
   * The headers that say who asks.
   * @throws TillcastError a refusal where the server refuses this till, `backend_unavailable` where it cannot say
   */
  headers(signal: AbortSignal): Promise<Readonly<Record<string, string>>>;
  /** Whether the server refused these headers for their age alone: the next ones are others, and worth one more try. */
  isOutdated(code: ErrorCode | null, headers: Readonly<Record<string, string>>): boolean;
}

/** What the server said to whoever asked it for a token. */
export interface CredentialEvents {
  /** It refuses this till. Told once, until it lets it in again. */
  refused(code: ErrorCode): void;
  /** It refuses this till no more. */
  admitted(): void;
}

/** Who a till is, to the sync API and to the broker: by its own token, or by its license key. */
export interface TillCredentials extends ApiCredentials {
  readonly terminalId: string;
  readonly licenseKey: LicenseKey;
  readonly terminalName: string;
  /** The broker's addresses; with user and password only where there is no `broker`. */
  readonly brokerUrls: readonly string[];
  /** What speaks for it where sales are handed in: also for some time after its license has ended. */
  readonly sales: ApiCredentials;
  /** The login for each connection that is made; null: what the addresses hold. */
  readonly broker: (() => Promise<BrokerCredentials>) | null;
  /** Keeps the login of this connection valid from now on. */
  start(connection: BrokerConnection, on: CredentialEvents): void;
  /** Idempotent. */
  stop(): Promise<void>;
}
