import type { Styles } from './output/styles.ts';

/** Where text goes: a terminal, a pipe, or a test's array. */
export interface Output {
  write(text: string): void;
  readonly isTTY: boolean;
  readonly columns: number;
}

/** Everything of the outside that a command may touch besides the network and its files. */
export interface CliContext {
  readonly env: Readonly<Record<string, string | undefined>>;
  /** Absolute. */
  readonly cwd: string;
  /** Data only. */
  readonly out: Output;
  /** Messages, progress and errors. */
  readonly err: Output;
  readonly outStyles: Styles;
  readonly errStyles: Styles;
  readonly json: boolean;
  /** `--url`, where it was given. */
  readonly url: string | undefined;
}
