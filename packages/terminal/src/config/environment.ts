import { readFileSync } from 'node:fs';
import { type ErrorDetail, TillcastError } from '@tillcast/protocol/errors';

/** The process's environment, as `process.env` is. */
export type EnvironmentVariables = Readonly<Record<string, string | undefined>>;

/**
 * Reads variables one by one and remembers everything that is wrong, so that one error can name it all.
 * A variable that is set to nothing counts as not set: that is how compose files pass on what they lack.
 */
export class Environment {
  readonly #variables: EnvironmentVariables;
  readonly #problems: ErrorDetail[] = [];

  constructor(variables: EnvironmentVariables) {
    this.#variables = variables;
  }

  /** Something is wrong with a variable; `detail` says what it must be. */
  problem(name: string, detail: string): void {
    this.#problems.push({ pointer: name, detail });
  }

  /** A variable's text; null where it is not set. */
  text(name: string): string | null {
    const value = this.#variables[name]?.trim();
    return value === undefined || value === '' ? null : value;
  }

  /** A variable's text, or what the file holds that `<name>_FILE` names. */
  secret(name: string): string | null {
    const direct = this.text(name);
    const file = this.text(`${name}_FILE`);
    if (file === null) return direct;
    if (direct !== null) {
      this.problem(name, `is set, and so is ${name}_FILE; set one of the two`);
      return null;
    }
    return this.fileNamedBy(`${name}_FILE`)?.trim() ?? null;
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

  integer(
    name: string,
    range: { readonly min: number; readonly max: number; readonly fallback: number },
  ): number {
    const text = this.text(name);
    if (text === null) return range.fallback;
    const value = /^\d{1,15}$/.test(text) ? Number(text) : NaN;
    if (value >= range.min && value <= range.max) return value;
    this.problem(name, `must be a whole number from ${range.min} to ${range.max}, not ${shown(text)}`);
    return range.fallback;
  }

  oneOf<T extends string>(name: string, values: readonly T[], fallback: T): T {
    const text = this.text(name);
    if (text === null) return fallback;
    const found = values.find((value) => value === text);
    if (found !== undefined) return found;
    this.problem(name, `must be one of ${values.join(', ')}, not ${shown(text)}`);
    return fallback;
  }

  /** Names every variable with the prefix that is not among the known ones: most often a misspelling. */
  refuseUnknown(prefix: string, known: readonly string[], except: string): void {
    for (const name of Object.keys(this.#variables).toSorted()) {
      if (!name.startsWith(prefix) || known.includes(name) || name.startsWith(except)) continue;
      this.problem(name, `is not a variable of Tillcast; known are ${known.join(', ')}`);
    }
  }

  /** @throws TillcastError `configuration_invalid` that names each variable with a problem */
  finish(what: string): void {
    if (this.#problems.length === 0) return;
    const lines = this.#problems.map(({ pointer, detail }) => `\n  ${pointer} ${detail}`);
    throw new TillcastError('configuration_invalid', `${what} is not valid:${lines.join('')}`, {
      details: this.#problems,
    });
  }
}

/** A value as a message may show it: quoted, cut short, control characters escaped. */
export function shown(value: string): string {
  return JSON.stringify(value.length > 80 ? `${value.slice(0, 80)}…` : value);
}
