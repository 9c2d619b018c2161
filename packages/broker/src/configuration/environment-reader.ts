import { readFileSync } from 'node:fs';
import { type ErrorDetail, TillcastError } from '@tillcast/protocol/errors';

/** Environment variables as a process has them. */
export type Environment = Readonly<Record<string, string | undefined>>;

/** What a whole number may be, and what it is where the variable is not set. */
export interface IntegerRange {
  readonly min: number;
  readonly max: number;
  readonly fallback: number;
}

/**
 * Reads variables one by one and remembers everything that is wrong, so that one error can name it all.
 * A variable that is set to nothing counts as not set: compose files pass `NAME=` for what they leave out.
 */
export class EnvironmentReader {
  readonly #environment: Environment;
  readonly #problems: ErrorDetail[] = [];

  constructor(environment: Environment) {
    this.#environment = environment;
  }

  /** Something is wrong with a variable; `detail` reads on after its name and says what it must be. */
  problem(name: string, detail: string): void {
    this.#problems.push({ pointer: name, detail });
  }

  /** The names of all variables that begin with the prefix, sorted. */
  names(prefix: string): readonly string[] {
    return Object.keys(this.#environment)
      .filter((name) => name.startsWith(prefix))
      .toSorted();
  }

  /** A variable's text without blanks around it; null where it is not set. */
  text(name: string): string | null {
    const value = this.#environment[name]?.trim();
    return value === undefined || value === '' ? null : value;
  }

  /** Whether a secret is set, by itself or by its file, be that readable or not. */
  hasSecret(name: string): boolean {
    return this.text(name) !== null || this.text(`${name}_FILE`) !== null;
  }

  /** A secret from `NAME`, or from the file that `NAME_FILE` names; null where neither is set or the file is no good. */
  secret(name: string): string | null {
    const fileName = `${name}_FILE`;
    const direct = this.text(name);
    if (this.text(fileName) === null) return direct;
    if (direct !== null) {
      this.problem(name, `is set, and so is ${fileName}; keep one of the two`);
      return direct;
    }
    const content = this.fileNamedBy(fileName);
    if (content === null) return null;
    const secret = content.trim();
    if (secret !== '') return secret;
    this.problem(fileName, 'names a file that is empty');
    return null;
  }

  /** What the file holds that a variable names; null where it is not set or cannot be read. */
  fileNamedBy(name: string): string | null {
    const path = this.text(name);
    if (path === null) return null;
    try {
      return readFileSync(path, 'utf8');
    } catch (error) {
      const why = error instanceof Error ? error.message : String(error);
      this.problem(name, `names a file that cannot be read: ${why}`);
      return null;
    }
  }

  /** A whole number in decimal digits. */
  integer(name: string, { min, max, fallback }: IntegerRange): number {
    const text = this.text(name);
    if (text === null) return fallback;
    const value = /^\d{1,15}$/.test(text) ? Number(text) : Number.NaN;
    if (value >= min && value <= max) return value;
    this.problem(
      name,
      `must be a whole number from ${min} to ${max}, not ${shown(text)} (not set: ${fallback})`,
    );
    return fallback;
  }

  /** One of several words. */
  oneOf<T extends string>(name: string, words: readonly T[], fallback: T): T {
    const text = this.text(name);
    if (text === null) return fallback;
    const found = words.find((word) => word === text);
    if (found !== undefined) return found;
    this.problem(name, `must be one of ${words.join(', ')}, not ${shown(text)} (not set: ${fallback})`);
    return fallback;
  }

  /**
   * Ends the reading; `what` begins the message: `The backend's configuration`.
   * @throws TillcastError `configuration_invalid` that names each variable with a problem, in `details` too
   */
  finish(what: string): void {
    if (this.#problems.length === 0) return;
    const lines = this.#problems.map(({ pointer, detail }) => `\n  ${pointer} ${detail}`);
    throw new TillcastError('configuration_invalid', `${what} is not valid:${lines.join('')}`, {
      details: this.#problems,
    });
  }
}

/** A list's entries, without the blanks around them and without empty ones. */
export function entriesOf(list: string | null): readonly string[] {
  return (list ?? '')
    .split(',')
    .map((entry) => entry.trim())
    .filter((entry) => entry !== '');
}

/** A value as a message may show it: quoted, cut short, control characters escaped. */
export function shown(value: string): string {
  return JSON.stringify(value.length > 80 ? `${value.slice(0, 80)}…` : value);
}
