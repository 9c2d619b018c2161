/** The words of one invocation, as commander sorted them; typed access to them. */
export class Given {
  readonly #args: readonly string[];
  readonly #flags: Readonly<Record<string, unknown>>;

  constructor(args: readonly string[], flags: Readonly<Record<string, unknown>>) {
    this.#args = args;
    this.#flags = flags;
  }

  /** The argument at a place; the command's definition has made sure that it is there. */
  argument(index: number): string {
    return this.#args[index] ?? '';
  }

  /** A flag's value, or undefined where it was not given. */
  text(name: string): string | undefined {
    const value = this.#flags[name];
    return typeof value === 'string' ? value : undefined;
  }

  /** A required flag's value; the command's definition has made sure that it is there. */
  required(name: string): string {
    return this.text(name) ?? '';
  }

  /** All values of a repeatable flag, commas within each splitting it. */
  list(name: string): readonly string[] {
    const value = this.#flags[name];
    const values = Array.isArray(value) ? value : value === undefined ? [] : [value];
    return values
      .flatMap((each) => String(each).split(','))
      .map((each) => each.trim())
      .filter((each) => each !== '');
  }

  isOn(name: string): boolean {
    return this.#flags[name] === true;
  }
}
