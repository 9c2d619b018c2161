import { asTillcastError } from '@tillcast/protocol/errors';
import { parentLink } from './up/parent-link.ts';

/** A backend or a terminal that runs. */
export interface RunningService {
  readonly url: string;
  /** Rejects where it cannot go on. */
  readonly broken?: Promise<never>;
  stop(): Promise<void>;
}

const SIGNALS = ['SIGINT', 'SIGTERM', 'SIGHUP'] as const;
/** What has not drained by then is cut off: whoever stops us waits no longer than 10 s. */
const DRAIN_MS = 9_000;

/**
 * Runs a service until it is told to stop: by a signal, or by the end of the demo that started it. A signal
 * during the start stops it as soon as it has started.
 */
export async function runService(start: () => Promise<RunningService>): Promise<void> {
  const { promise: stopAsked, resolve: askToStop } = Promise.withResolvers<void>();
  const parent = parentLink();
  const ask = (): void => askToStop();
  for (const signal of SIGNALS) process.on(signal, ask);
  parent.gone.addEventListener('abort', ask, { once: true });
  try {
    const running = await start();
    parent.ready(running.url);
    await Promise.race([stopAsked, ...(running.broken === undefined ? [] : [running.broken])]);
    const overdue = setTimeout(() => {
      process.stderr.write(`It did not stop within ${DRAIN_MS / 1000} s, and is cut off.\n`);
      process.exit(1);
    }, DRAIN_MS);
    await running.stop();
    clearTimeout(overdue);
  } catch (error) {
    parent.failed(asTillcastError(error));
    throw error;
  } finally {
    for (const signal of SIGNALS) process.off(signal, ask);
    parent.close();
  }
}
