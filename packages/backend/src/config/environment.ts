import { readFileSync } from 'node:fs';
import { TillcastError } from '@tillcast/protocol/errors';

/** Environment variables as a process has them. */
export type Environment = Readonly<Record<string, string | undefined>>;

/** What a whole number may be. */
export interface IntegerRange {
  readonly min: number;
  readonly max: number;
  readonly fallback: number;
}

/**
 * Reads variables one by one and remembers everything that is wrong, so that one error can name it all.
 * An empty variable counts as not set: compose files pass `NAME=` for what they leave out.
 */
export class EnvironmentReader {
  readonly #env: Environment;
  readonly #problems: string[] = [];

  constructor(env: Environment) {
    this.#env = env;
  }

  /** Notes a problem that only the caller can see. */
  problem(text: string): void {
    this.#problems.push(text);
  }

  has(name: string): boolean {
    return this.text(name) !== null;
  }

  text(name: string): string | null {
    const value = this.#env[name]?.trim();
    return value === undefined || value === '' ? null : value;
  }

  /** A secret from `NAME`, or from the file that `NAME_FILE` names; never quoted in a problem. */
  secret(name: string): string | null {
    const fileName = `${name}_FILE`;
    const direct = this.text(name);
    const file = this.text(fileName);
    if (file === null) return direct;
    if (direct !== null) {
      this.problem(`${name} and ${fileName} are both set: keep one of them.`);
      return direct;
    }
    try {
      const content = readFileSync(file, 'utf8').trim();
      if (content !== '') return content;
      this.problem(`${fileName} names ${file}, which is empty.`);
    } catch (error) {
      this.problem(`${fileName} names ${file}, which cannot be read: ${reasonOf(error)}.`);
    }
    return null;
  }

  integer(name: string, range: IntegerRange): number {
    const text = this.text(name);
    if (text === null) return range.fallback;
    const value = /^\d{1,15}$/.test(text) ? Number(text) : Number.NaN;
    if (value >= range.min && value <= range.max) return value;
    this.problem(
      `${name} is ${quoted(text)}: it must be a whole number from ${range.min} to ${range.max} (left out: ${range.fallback}).`,
    );
    return range.fallback;
  }

  oneOf<T extends string>(name: string, choices: readonly T[], fallback: T): T {
    const text = this.text(name);
    if (text === null) return fallback;
    const found = choices.find((choice) => choice === text);
    if (found !== undefined) return found;
    this.problem(
      `${name} is ${quoted(text)}: it must be one of ${choices.join(', ')} (left out: ${fallback}).`,
    );
    return fallback;
  }

  /** A comma-separated list without its blanks. */
  list(name: string): readonly string[] {
    return (this.text(name) ?? '')
      .split(',')
      .map((part) => part.trim())
      .filter((part) => part !== '');
  }

  /**
   * Ends the reading.
   * @throws TillcastError `configuration_invalid` that names every problem
   */
  finish(): void {
    const [first] = this.#problems;
    if (first === undefined) return;
    const count = this.#problems.length;
    const text = count === 1 ? first : `\n${this.#problems.map((line) => `  - ${line}`).join('\n')}`;
    throw new TillcastError('configuration_invalid', `The configuration is not valid: ${text}`);
  }
}

/** A value as a message shows it, cut short. */
export function quoted(value: string): string {
  return JSON.stringify(value.length > 60 ? `${value.slice(0, 60)}…` : value);
}

function reasonOf(error: unknown): string {
  return error instanceof Error && 'code' in error ? String(error.code) : String(error);
}
