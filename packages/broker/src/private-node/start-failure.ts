import { readFile } from 'node:fs/promises';
import { TillcastError } from '@tillcast/protocol/errors';
import { textOf } from '../amqp-error.ts';
import type { NodePaths } from './node-config.ts';

const CAUSE_LINES = 10;
const TAIL_LINES = 10;

/** RabbitMQ's line prefix: date, level, Erlang process. */
const PREFIX = /^\d{4}-\d\d-\d\d \S+ \[(\w+)\] <[\d.]+>\s?/;

/**
 * What a person needs of a failed node's output. Erlang names the cause in its first errors; what follows is
 * a crash report of every process above, which the end of the output alone would show.
 */
export function summarizeOutput(output: string): string {
  const lines = output.split('\n').filter((line) => line.replace(PREFIX, '').trim() !== '');
  const errors = lines
    .filter((line) => PREFIX.exec(line)?.[1] === 'error')
    .map((line) => line.replace(PREFIX, ''));
  const tail = lines.slice(-TAIL_LINES).map((line) => line.replace(PREFIX, ''));
  const cause = errors.slice(0, CAUSE_LINES);
  return [...cause, ...(cause.length > 0 ? ['…'] : []), ...tail].map((line) => `  ${line}`).join('\n');
}

/** The error of a start that failed: what happened, and what the node said. */
export async function startFailure(paths: NodePaths, what: string, cause?: unknown): Promise<TillcastError> {
  const output = await readOutput(paths.output);
  return new TillcastError(
    'broker_start_failed',
    `${what}. The node's log is in ${paths.log}; it said:\n${summarizeOutput(output)}`,
    { cause },
  );
}

async function readOutput(path: string): Promise<string> {
  try {
    return await readFile(path, 'utf8');
  } catch (error) {
    return `(its output cannot be read: ${textOf(error)})`;
  }
}
