import type { CliContext } from './context.ts';
import type { Given } from './input/given.ts';

/** A flag as commander writes it: `--license <key>`, `--partial`. */
export interface FlagSpec {
  readonly flags: string;
  readonly description: string;
  readonly required?: boolean;
  /** May be given more than once; each value counts. */
  readonly repeatable?: boolean;
  readonly choices?: readonly string[];
  /** What holds without it, for `--help`. */
  readonly fallback?: string;
}

export interface ArgumentSpec {
  readonly name: string;
  readonly description: string;
  readonly choices?: readonly string[];
}

/**
 * One command. `validate` turns words into a typed input and is the only place that raises usage errors;
 * `run` does the work and returns what there is to say; `print` says it to people. With `--json` the
 * result itself (or what `json` makes of it) is written instead.
 */
export interface CommandSpec<Input, Result> {
  readonly description: string;
  readonly examples: readonly string[];
  readonly arguments?: readonly ArgumentSpec[];
  readonly flags: readonly FlagSpec[];
  /** It works without a backend's admin API, so `--url` has no meaning for it. */
  readonly local?: boolean;
  validate(given: Given, context: CliContext): Input | Promise<Input>;
  run(input: Input, context: CliContext): Promise<Result>;
  print(result: Result, context: CliContext): void;
  json?(result: Result): unknown;
  /** Default 0. */
  exitCode?(result: Result): number;
}

/** A command whose types are closed over. */
export interface CliCommand {
  readonly description: string;
  readonly examples: readonly string[];
  readonly arguments: readonly ArgumentSpec[];
  readonly flags: readonly FlagSpec[];
  readonly local: boolean;
  /** Validates, runs and prints; resolves to the exit code. */
  execute(given: Given, context: CliContext): Promise<number>;
}

export function defineCommand<Input, Result>(spec: CommandSpec<Input, Result>): CliCommand {
  return {
    description: spec.description,
    examples: spec.examples,
    arguments: spec.arguments ?? [],
    flags: spec.flags,
    local: spec.local ?? false,
    execute: async (given, context) => {
      const input = await spec.validate(given, context);
      const result = await spec.run(input, context);
      if (context.json) {
        const value = spec.json === undefined ? result : spec.json(result);
        if (value !== undefined) context.out.write(`${JSON.stringify(value)}\n`);
      } else {
        spec.print(result, context);
      }
      return spec.exitCode?.(result) ?? 0;
    },
  };
}
