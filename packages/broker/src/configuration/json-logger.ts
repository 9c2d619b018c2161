import { type Logger, type LoggerOptions, pino, stdTimeFunctions } from 'pino';
import type { LogLevel } from './log-level.ts';

/** Never in a log, wherever they stand. */
const SECRETS = [
  'authorization',
  'password',
  'apiKey',
  'api_key',
  'secret',
  'token',
  'credentials',
  'connectionString',
] as const;

/** What takes the lines; each ends in a newline. */
export interface LogSink {
  write(line: string): void;
}

/**
 * A service's log: JSON lines with `service` and `pid`, times in ISO 8601, levels by name, and without
 * secrets. They go to standard output, or to `sink`.
 */
export function createLogger(
  { service, level }: { readonly service: string; readonly level: LogLevel },
  sink?: LogSink,
): Logger {
  const options: LoggerOptions = {
    level,
    base: { service, pid: process.pid },
    timestamp: stdTimeFunctions.isoTime,
    formatters: { level: (label) => ({ level: label }) },
    redact: {
      paths: SECRETS.flatMap((name) => [name, `*.${name}`, `*.*.${name}`]),
      censor: '[secret]',
    },
  };
  return pino(options, sink);
}
