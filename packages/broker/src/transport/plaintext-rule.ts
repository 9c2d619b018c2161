import type { EnvironmentReader } from '../configuration/environment-reader.ts';
import { isLoopbackHost } from './loopback.ts';

/** The variable that allows what is refused otherwise. */
export const PLAINTEXT_VARIABLE = 'TILLCAST_PLAINTEXT';

/** What is at stake at one address. */
export interface PlaintextCase {
  readonly danger: string;
  readonly remedy: string;
}

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
   * @param host where it leads, or where it listens
   * @param danger what would happen there, read on after the variable's name
   * @param remedy how it is encrypted: `give an amqps:// address`
   */
  judge(name: string, host: string, { danger, remedy }: PlaintextCase): void {
    if (isLoopbackHost(host)) return;
    if (this.#allowed) this.#warnings.push(`${name} ${danger}`);
    else {
      this.#reader.problem(
        name,
        `${danger}: ${remedy}, or set ${PLAINTEXT_VARIABLE}=allowed where something else encrypts it, such as a proxy`,
      );
    }
  }

  get allowed(): boolean {
    return this.#allowed;
  }

  /** What was allowed, one line for each. */
  get warnings(): readonly string[] {
    return this.#warnings;
  }
}
