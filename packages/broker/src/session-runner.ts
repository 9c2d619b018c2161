import type { TillcastError } from '@tillcast/protocol/errors';
import { channelError } from './amqp-error.ts';
import { type BackoffBounds, backoffDelayMs, refusedDelayMs } from './backoff.ts';
import type { Clock } from './clock.ts';
import type { Logger } from './logger.ts';
import type { ChannelSource, OpenSession, Session } from './session.ts';

/** What a runner decides its waits with. */
export interface SessionRunnerOptions {
  readonly clock: Clock;
  readonly random: () => number;
  readonly backoff: BackoffBounds;
  readonly refusedBackoff: BackoffBounds;
  readonly stableAfterMs: number;
  readonly logger: Logger;
}

/**
 * Keeps one session set up on one living connection: opens it, and opens it again, with back-off, whenever
 * it is lost alone. Returns once `signal` aborts (the connection ended, or is to be ended), after the
 * session has been closed in an orderly way.
 */
export async function runSession(
  session: Session,
  channels: ChannelSource,
  signal: AbortSignal,
  options: SessionRunnerOptions,
): Promise<void> {
  const { clock, logger } = options;
  let attempt = 0;
  let reported: TillcastError['code'] | null = null;
  while (!signal.aborted) {
    const openedAt = clock.now();
    let failure: TillcastError;
    try {
      const open = await session.open(channels);
      if (reported !== null) logger.info({ session: session.name, attempt }, 'session is set up again');
      reported = null;
      const cause = await lostOrAborted(open, signal);
      if (cause === null) {
        await open.close();
        return;
      }
      failure = channelError(cause, `keep up ${session.name}`);
    } catch (error) {
      failure = channelError(error, `set up ${session.name}`);
    }
    if (signal.aborted) return;
    attempt = clock.now() - openedAt >= options.stableAfterMs ? 1 : attempt + 1;
    const delayMs =
      failure.code === 'broker_access_refused'
        ? refusedDelayMs(attempt, options.random(), options.refusedBackoff)
        : backoffDelayMs(attempt, options.random(), options.backoff);
    const fields = { session: session.name, attempt, delayMs, code: failure.code, err: failure };
    if (reported === failure.code) logger.debug(fields, 'session is still lost');
    else logger.warn(fields, 'session was lost; it will be set up again');
    reported = failure.code;
    await pause(clock, delayMs, signal);
  }
}

/** The cause of the loss, or null when the signal came first. */
async function lostOrAborted(open: OpenSession, signal: AbortSignal): Promise<Error | null> {
  const aborted = Promise.withResolvers<null>();
  const abort = (): void => aborted.resolve(null);
  signal.addEventListener('abort', abort, { once: true });
  if (signal.aborted) abort();
  try {
    return await Promise.race([open.lost, aborted.promise]);
  } finally {
    signal.removeEventListener('abort', abort);
  }
}

/** A wait that ends early, without an error, when the signal aborts. */
export async function pause(clock: Clock, durationMs: number, signal: AbortSignal): Promise<void> {
  try {
    await clock.sleep(durationMs, signal);
  } catch (error) {
    if (!signal.aborted) throw error;
  }
}
