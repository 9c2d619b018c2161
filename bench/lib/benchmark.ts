import type { PrivatePostgres } from '@tillcast/testkit';
import type { Result } from './measure.ts';

/** What every benchmark is given. */
export interface BenchContext {
  /** A private PostgreSQL with fsync on. */
  readonly postgres: PrivatePostgres;
  /** A private RabbitMQ node: its URL with all rights. */
  readonly amqpUrl: string;
  /** Fewer rounds and smaller amounts, for a look. */
  readonly quick: boolean;
  /** A new temporary folder, removed at the end. */
  readonly folder: () => Promise<string>;
  readonly log: (line: string) => void;
}

/** One benchmark: a file of bench/. */
export interface Benchmark {
  readonly id: string;
  readonly title: string;
  readonly run: (context: BenchContext) => Promise<readonly Result[]>;
}
