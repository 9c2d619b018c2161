import { asTillcastError, ERROR_CATALOG, type TillcastError } from '@tillcast/protocol/errors';
import type { CliContext } from './context.ts';

/** The exit code that an error of the catalog stands for. */
export function exitCodeOf(error: TillcastError): number {
  return ERROR_CATALOG[error.code].exit;
}

/**
 * Says an error: one line of what failed and what to do, then where in the input. With `--json` it is one
 * JSON line, still on stderr. The stack is shown only with `LOG_LEVEL=debug`.
 * @returns the exit code
 */
export function reportError(thrown: unknown, context: CliContext): number {
  const error = asTillcastError(thrown);
  if (context.json) {
    const { code, message, details } = error;
    context.err.write(`${JSON.stringify({ error: { code, message, details } })}\n`);
  } else {
    context.err.write(`${context.errStyles.failed(error.message)}\n`);
    // One that is quoted in the message already would be said twice.
    for (const { pointer, detail } of error.details) {
      if (!error.message.includes(detail)) context.err.write(`  ${pointer}: ${detail}\n`);
    }
  }
  if (['debug', 'trace'].includes(context.env['LOG_LEVEL'] ?? '')) {
    for (let each: unknown = thrown; each instanceof Error; each = each.cause) {
      context.err.write(`${each.stack ?? each.message}\n`);
    }
  }
  return exitCodeOf(error);
}
