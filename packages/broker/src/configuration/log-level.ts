import type { EnvironmentReader } from './environment-reader.ts';

const LOG_LEVELS = ['trace', 'debug', 'info', 'warn', 'error', 'fatal', 'silent'] as const;

/** How much is logged: this and what is graver. */
export type LogLevel = (typeof LOG_LEVELS)[number];

/** `LOG_LEVEL`; `info` where it is not set. */
export function readLogLevel(reader: EnvironmentReader): LogLevel {
  return reader.oneOf('LOG_LEVEL', LOG_LEVELS, 'info');
}
