import { type ChildProcess, fork } from 'node:child_process';
import { once } from 'node:events';
import { open } from 'node:fs/promises';
import { isErrorCode, TillcastError } from '@tillcast/protocol/errors';
import { type HostOrder, type HostReport, hostReportSchema } from './host-messages.ts';

/** A process with many real tills, as whoever started it sees it. */
export interface TillHost {
  readonly pid: number;
  send(order: HostOrder): void;
  /** What the tills' files say of sales that the server has not taken; all news before it were told. */
  count(): Promise<Extract<HostReport, { told: 'counted' }>>;
  /** Stops the tills in order, then the process. Idempotent. */
  stop(): Promise<void>;
}

/**
 * Starts one. It is in a process group of its own, so that a Ctrl-C reaches it only through us.
 * @param onReport called with everything that it tells
 * @param onEnd called where it fails, or ends by itself
 */
export async function startTillHost(
  logPath: string,
  onReport: (report: HostReport) => void,
  onEnd: (error: TillcastError) => void,
): Promise<TillHost> {
  const log = await open(logPath, 'a', 0o600);
  let child: ChildProcess;
  try {
    child = fork(new URL('./host-process.ts', import.meta.url), {
      detached: true,
      execArgv: [],
      stdio: ['ignore', log.fd, log.fd, 'ipc'],
    });
  } finally {
    await log.close();
  }
  let stopping: Promise<void> | null = null;
  let counting: PromiseWithResolvers<Extract<HostReport, { told: 'counted' }>> | null = null;
  const ended = once(child, 'exit').then(() => {
    const error = new TillcastError(
      'internal',
      `A process with tills ended by itself; its log is ${logPath}.`,
    );
    counting?.reject(error);
    if (stopping === null) onEnd(error);
  });
  child.on('message', (message) => {
    const report = hostReportSchema.parse(message);
    if (report.told === 'counted') counting?.resolve(report);
    else if (report.told === 'failed' && isErrorCode(report.code)) {
      onEnd(new TillcastError(report.code, report.message));
    }
    onReport(report);
  });
  const send = (order: HostOrder): void => {
    if (child.connected) child.send(order);
  };
  const stop = async (): Promise<void> => {
    send({ order: 'stop' });
    await ended;
  };
  return {
    pid: child.pid ?? 0,
    send,
    count: () => {
      counting = Promise.withResolvers();
      send({ order: 'count' });
      return counting.promise;
    },
    stop: () => (stopping ??= stop()),
  };
}
