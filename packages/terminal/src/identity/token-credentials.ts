import {
  type BackoffBounds,
  type BrokerConnection,
  type BrokerCredentials,
  type ConnectionState,
  type Logger,
  wasTurnedOut,
} from '@tillcast/broker';
import { asTillcastError, type ErrorCode, TillcastError } from '@tillcast/protocol/errors';
import { SALES_SCOPE } from '@tillcast/protocol/identity/scopes';
import type { LicenseKey } from '@tillcast/protocol/license-key';
import { isRefusal } from './refusals.ts';
import type { ApiCredentials, CredentialEvents, TillCredentials } from './till-credentials.ts';
import { type AccessToken, TokenClient, type TokenClientOptions } from './token-client.ts';

export interface TokenCredentialsOptions extends Omit<TokenClientOptions, 'onRefused'> {
  readonly licenseKey: LicenseKey;
  readonly terminalName: string;
  readonly brokerUrls: readonly string[];
  /** A token on the living connection was replaced, without a gap. */
  readonly onLoginRenewed?: () => void;
}

/**
 * Right after a resumption the broker may still refuse a moment long; a till that it refuses for good asks every
 * 30 to 60 s, each time with a new token.
 */
export const TOKEN_REFUSED_BACKOFF: BackoffBounds = { initialMs: 4_000, maxMs: 60_000 };

/** The broker answers at once, or not at all. */
const UPDATE_TIMEOUT_MS = 10_000;

/** An activated till: its access token speaks for it, at the sync API and at the broker. */
export class TokenCredentials implements TillCredentials {
  readonly terminalId: string;
  readonly licenseKey: LicenseKey;
  readonly terminalName: string;
  readonly brokerUrls: readonly string[];
  readonly sales: ApiCredentials;
  readonly #tokens: TokenClient;
  /** Asked for when sales wait, and good for nothing else. */
  readonly #salesTokens: TokenClient;
  readonly #api: ApiCredentials;
  readonly #logger: Logger;
  readonly #onLoginRenewed: () => void;
  #connection: BrokerConnection | null = null;
  #on: CredentialEvents | null = null;
  #stopListening: () => void = () => undefined;
  #stopped = false;
  /** The broker closed the connection or refused its login: the token that it had may be why. */
  #wantsFresh = false;
  #wasUp = false;
  /** What the connection logged in with, or was given since. */
  #loginToken: string | null = null;
  #parked = false;
  #work: Promise<void> = Promise.resolve();

  constructor(options: TokenCredentialsOptions) {
    this.terminalId = options.terminalId;
    this.licenseKey = options.licenseKey;
    this.terminalName = options.terminalName;
    this.brokerUrls = options.brokerUrls;
    this.#logger = options.logger;
    this.#onLoginRenewed = options.onLoginRenewed ?? (() => undefined);
    this.#tokens = new TokenClient({
      ...options,
      onToken: (token, answer) => {
        options.onToken(token, answer);
        this.#takeUp();
      },
      onRefused: ({ code }) => this.#park(code),
    });
    this.#salesTokens = new TokenClient({
      ...options,
      scope: SALES_SCOPE,
      onToken: () => undefined,
      // Whoever hands in sales is told with its answer; the till itself learns it from its own token.
      onRefused: () => undefined,
    });
    this.#api = bearer(this.#tokens);
    this.sales = bearer(this.#salesTokens);
  }

  headers(signal: AbortSignal): Promise<Readonly<Record<string, string>>> {
    return this.#api.headers(signal);
  }

  isOutdated(code: ErrorCode | null, headers: Readonly<Record<string, string>>): boolean {
    return this.#api.isOutdated(code, headers);
  }

  readonly broker = async (): Promise<BrokerCredentials> => {
    const { text } = this.#wantsFresh ? await this.#freshOrGood() : await this.#tokens.current();
    this.#wantsFresh = false;
    this.#loginToken = text;
    return { username: this.terminalId, password: text };
  };

  start(connection: BrokerConnection, on: CredentialEvents): void {
    this.#connection = connection;
    this.#on = on;
    this.#stopListening = connection.onStateChange((state) => this.#onState(state));
    this.#tokens.start();
  }

  async stop(): Promise<void> {
    this.#stopped = true;
    this.#stopListening();
    await Promise.all([this.#tokens.stop(), this.#salesTokens.stop()]);
    await this.#work;
  }

  /** With the backend out of reach, a token that is good is worth a try: an outage of the one is none of the other. */
  async #freshOrGood(): Promise<AccessToken> {
    try {
      return await this.#tokens.fresh();
    } catch (error) {
      const { token } = this.#tokens;
      if (token === null || isRefusal(asTillcastError(error).code)) throw error;
      return token;
    }
  }

  #onState(state: ConnectionState): void {
    if (state.status === 'up') {
      this.#wasUp = true;
      this.#renewLogin();
    } else if (state.status === 'down') {
      // An outage is no reason: a thousand tills would all ask at once.
      const isTurnedOut = this.#wasUp && wasTurnedOut(state.reason);
      if (isTurnedOut || state.reason.code === 'broker_access_refused') this.#wantsFresh = true;
      this.#wasUp = false;
    }
  }

  /** A token came: give it to the connection that lives, or make one again. */
  #takeUp(): void {
    const connection = this.#connection;
    if (connection === null) return;
    if (!this.#parked) return this.#renewLogin();
    this.#parked = false;
    this.#on?.admitted();
    this.#next(() => {
      this.#wantsFresh = false;
      connection.start();
      return Promise.resolve();
    });
  }

  /** The server refuses us: the broker is left alone until it does so no more. */
  #park(code: ErrorCode): void {
    const connection = this.#connection;
    if (connection === null || this.#parked) return;
    this.#parked = true;
    this.#on?.refused(code);
    this.#next(() => connection.stop());
  }

  #renewLogin(): void {
    const connection = this.#connection;
    const text = this.#tokens.token?.text;
    if (connection?.state.status !== 'up' || text === undefined || text === this.#loginToken) return;
    this.#loginToken = text;
    this.#next(async () => {
      try {
        await withinMs(UPDATE_TIMEOUT_MS, connection.updateSecret(text, 'The token is renewed'));
        this.#onLoginRenewed();
      } catch (error) {
        this.#logger.warn({ err: error }, 'The broker did not take the renewed token');
        // One that is lost comes back by itself.
        if (connection.state.status !== 'up') return;
        await connection.stop();
        if (!this.#stopped && !this.#parked) connection.start();
      }
    });
  }

  /** One by one, so that a start never falls into a stop. */
  #next(act: () => Promise<void>): void {
    this.#work = this.#work.then(async () => {
      if (this.#stopped) return;
      try {
        await act();
      } catch (error) {
        this.#logger.error({ err: error }, 'The connection to the broker could not be changed');
      }
    });
  }
}

/** Tokens as headers. */
function bearer(tokens: TokenClient): ApiCredentials {
  return {
    headers: async (signal) => {
      const { text } = await unlessAborted(tokens.current(), signal);
      return { authorization: `Bearer ${text}` };
    },
    isOutdated: (code, { authorization }) => {
      if (code !== 'token_expired' && code !== 'token_invalid') return false;
      tokens.discard(authorization?.slice('Bearer '.length) ?? '');
      return true;
    },
  };
}

async function withinMs<T>(timeoutMs: number, work: Promise<T>): Promise<T> {
  const { promise, reject } = Promise.withResolvers<never>();
  const timer = setTimeout(
    () => reject(new TillcastError('broker_unavailable', `It did not answer within ${timeoutMs / 1_000} s.`)),
    timeoutMs,
  );
  try {
    return await Promise.race([work, promise]);
  } finally {
    clearTimeout(timer);
  }
}

/** What others ask for as well is not given up, only not waited for. */
async function unlessAborted<T>(work: Promise<T>, signal: AbortSignal): Promise<T> {
  const { promise, reject } = Promise.withResolvers<never>();
  const onAbort = (): void => reject(new TillcastError('backend_unavailable', 'It was given up.'));
  if (signal.aborted) onAbort();
  else signal.addEventListener('abort', onAbort, { once: true });
  try {
    return await Promise.race([work, promise]);
  } finally {
    signal.removeEventListener('abort', onAbort);
  }
}
