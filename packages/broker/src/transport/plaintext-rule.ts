import type { EnvironmentReader } from '../configuration/environment-reader.ts';
import { isLoopbackHost } from './loopback.ts';

/** The variable that allows what is refused otherwise. */
export const PLAINTEXT_VARIABLE = 'TILLCAST_PLAINTEXT';

/**
 * Judges each address of a service that nothing encrypts: on the loopback it is fine, elsewhere it is a
 * problem of the configuration, unless `TILLCAST_PLAINTEXT` is `allowed`; what was allowed is remembered, to be
 * named in the log at each start.
 */
export class PlaintextRule {
  readonly #reader: EnvironmentReader;
  readonly #allowed: boolean;
  readonly #warnings: string[] = [];

  constructor(reader: EnvironmentReader) {
    this.#reader = reader;
    this.#allowed = reader.oneOf(PLAINTEXT_VARIABLE, ['allowed', 'refused'], 'refused') === 'allowed';
  }

  /**
   * @param name the variable that holds the address
   * @param host where it leads
   * @param whatToDo how it is encrypted: `use an amqps:// address`
   */
  judge(name: string, host: string, whatToDo: string): void {
    if (isLoopbackHost(host)) return;
    const fact = `would carry everything in plain text to ${host}`;
    if (this.#allowed) this.#warnings.push(`${name} ${fact}`);
    else {
      this.#reader.problem(
        name,
        `${fact}: ${whatToDo}, or set ${PLAINTEXT_VARIABLE}=allowed where a proxy or the network encrypts it`,
      );
    }
  }

  /** What was allowed, one line for each. */
  get warnings(): readonly string[] {
    return this.#warnings;
  }
}
