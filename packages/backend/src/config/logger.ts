import { type Logger, pino, stdTimeFunctions } from 'pino';
import type { LogLevel } from './backend-config.ts';

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

/** JSON lines on standard output, with times in ISO 8601 and without secrets. */
export function createLogger(level: LogLevel): Logger {
  return pino({
    level,
    base: { service: 'tillcast-backend', pid: process.pid },
    timestamp: stdTimeFunctions.isoTime,
    formatters: { level: (label) => ({ level: label }) },
    redact: {
      paths: SECRETS.flatMap((name) => [name, `*.${name}`, `*.*.${name}`]),
      censor: '[secret]',
    },
  });
}
