import { TillcastError } from '@tillcast/protocol/errors';
import { connectError, textOf } from './amqp-error.ts';
import { addressOf } from './broker-url.ts';
import {
  type BrokerCredentials,
  type Connected,
  type ConnectOnceOptions,
  connectOnce,
} from './connect-once.ts';

/** The hosts, and how one of them is connected to. */
export interface HostRotationOptions
  extends Omit<ConnectOnceOptions, 'url' | 'credentials' | 'signal' | 'link'> {
  readonly urls: readonly string[];
  readonly link: () => AbortSignal | null;
  readonly credentials: (() => Promise<BrokerCredentials>) | null;
}

/** What came of one round over all hosts. */
export type RoundResult =
  | { readonly ok: true; readonly connected: Connected; readonly address: string }
  | { readonly ok: false; readonly failure: TillcastError };

/** Tries hosts in turn; the next round, also the one after a connection was lost, starts at another host. */
export class HostRotation {
  readonly #options: HostRotationOptions;
  #next = 0;

  /** @throws `configuration_invalid` when a URL is malformed */
  constructor(options: HostRotationOptions) {
    for (const url of options.urls) addressOf(url);
    this.#options = options;
  }

  /** One round over all hosts. A refused login ends the round: the others hold the same users. */
  async tryEach(signal: AbortSignal): Promise<RoundResult> {
    const { urls } = this.#options;
    const failures: TillcastError[] = [];
    for (let tried = 0; tried < urls.length && !signal.aborted; tried++) {
      const url = urls[this.#next] ?? '';
      this.#next = (this.#next + 1) % urls.length;
      const address = addressOf(url);
      try {
        const credentials = await this.#fetchCredentials();
        const connected = await connectOnce({
          ...this.#options,
          url,
          credentials,
          signal,
          link: this.#options.link(),
        });
        return { ok: true, connected, address };
      } catch (error) {
        const failure = connectError(error, address);
        failures.push(failure);
        if (failure.code === 'broker_access_refused') return { ok: false, failure };
      }
    }
    return { ok: false, failure: failureOfRound(failures) };
  }

  async #fetchCredentials(): Promise<BrokerCredentials | null> {
    try {
      return (await this.#options.credentials?.()) ?? null;
    } catch (error) {
      if (error instanceof TillcastError) throw error;
      throw new TillcastError(
        'broker_unavailable',
        `The credentials for the broker could not be fetched: ${textOf(error)}`,
        { cause: error },
      );
    }
  }
}

function failureOfRound(failures: readonly TillcastError[]): TillcastError {
  const [first, ...others] = failures;
  if (first !== undefined && others.length === 0) return first;
  const said = failures.map((failure) => failure.message).join(' ');
  const cause = new AggregateError(failures, said);
  return new TillcastError('broker_unavailable', `No broker of ${failures.length} was reached. ${said}`, {
    cause,
  });
}
