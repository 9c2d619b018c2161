import { type Logger, ManagementClient, type ManagementOptions } from '@tillcast/broker';
import type { Database } from '../database/database.ts';
import type { BackendMetrics } from '../metrics/metrics.ts';
import { BrokerWatch } from './broker-watch.ts';
import { ManagementGate } from './management-gate.ts';
import { Reaper } from './reaper.ts';
import { Revoker } from './revoker.ts';

/** Revoker, reaper and watch at work; disposing of them waits for what is under way. */
export interface Revocations extends AsyncDisposable {
  /** An act was committed here: what it asks for is done at once. */
  wake(): void;
  /** The broker was away and is back: what failed is tried again at once. */
  retry(): void;
}

/**
 * Starts revoker, reaper and the broker's watch. Without a management API there is nothing that they could do: then a warning
 * says so once, and what acts ask for stays asked for.
 * @throws TillcastError `database_unavailable`
 */
export async function startRevocations(on: {
  readonly database: Database;
  readonly management: ManagementOptions | null;
  /** The broker's virtual host, which terminals are in. */
  readonly vhost: string;
  readonly logger: Logger;
  readonly metrics: BackendMetrics;
  readonly now: () => Date;
}): Promise<Revocations> {
  const { database, management, vhost, logger, metrics, now } = on;
  if (management === null) {
    logger.warn(
      {},
      'RABBITMQ_MANAGEMENT_URL is not set: a terminal that is revoked, or whose license is suspended, goes on receiving until it disconnects. Set it to the management API with the user tillcast-guardian.',
    );
    const idle = (): void => undefined;
    return { wake: idle, retry: idle, [Symbol.asyncDispose]: async () => undefined };
  }
  const gate = new ManagementGate(new ManagementClient(management), vhost);
  await using started = new AsyncDisposableStack();
  const revoker = started.use(new Revoker({ database, gate, logger, observer: metrics, now }));
  await revoker.start();
  const onReaped = (terminals: number): void => metrics.reaped(terminals);
  started.use(new Reaper({ database, gate, logger, onReaped, now })).start();
  const onCutOff = (): void => metrics.cutOff();
  started.use(new BrokerWatch({ database, broker: gate, logger, onCutOff, now })).start();
  const kept = started.move();
  return {
    wake: () => revoker.wake(),
    retry: () => revoker.retry(),
    [Symbol.asyncDispose]: () => kept.disposeAsync(),
  };
}
