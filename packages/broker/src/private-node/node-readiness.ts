import { setTimeout as sleep } from 'node:timers/promises';
import { textOf } from '../amqp-error.ts';
import { connectOnce } from '../connect-once.ts';
import { ManagementClient } from '../management.ts';
import type { NodePaths } from './node-config.ts';
import type { NodeProcess } from './node-process.ts';
import type { RunningSettings } from './node-settings.ts';
import { LOOPBACK, type NodePorts } from './ports.ts';
import { startFailure } from './start-failure.ts';

const POLL_MS = 250;

/** The node's URL, with user and password. */
export function amqpUrlOf(settings: RunningSettings): string {
  const { username, password, ports } = settings;
  return `amqp://${encodeURIComponent(username)}:${encodeURIComponent(password)}@${LOOPBACK}:${ports.amqp}/`;
}

/** The management API's URL, without user and password. */
export function managementUrlOf(ports: NodePorts): string {
  return `http://${LOOPBACK}:${ports.management}`;
}

/**
 * Waits until AMQP and the management API really answer; returns the broker's version. Rejects with the
 * signal's reason when that aborts.
 */
export async function untilReady(
  node: NodeProcess,
  settings: RunningSettings,
  paths: NodePaths,
  { timeoutMs, signal }: { readonly timeoutMs: number; readonly signal?: AbortSignal },
): Promise<string> {
  const deadline = AbortSignal.timeout(timeoutMs);
  const giveUp = signal === undefined ? deadline : AbortSignal.any([deadline, signal]);
  const management = new ManagementClient({
    url: managementUrlOf(settings.ports),
    username: settings.username,
    password: settings.password,
    timeoutMs: 5_000,
  });
  for (;;) {
    let last: unknown;
    try {
      const { model } = await connectOnce({
        url: amqpUrlOf(settings),
        credentials: null,
        tls: {},
        heartbeatSeconds: 10,
        connectTimeoutMs: 5_000,
        connectionName: 'tillcast readiness',
        signal: giveUp,
      });
      await model.close();
      const overview = await management.overview();
      return overview.rabbitmqVersion;
    } catch (error) {
      last = error;
    }
    signal?.throwIfAborted();
    if (node.hasExited()) {
      const { code, signal: endedBy } = await node.exited;
      throw await startFailure(
        paths,
        `RabbitMQ ended while starting (${endedBy ?? `exit code ${code}`})`,
        last,
      );
    }
    if (deadline.aborted)
      throw await startFailure(
        paths,
        `RabbitMQ was not ready within ${timeoutMs} ms (${textOf(last)})`,
        last,
      );
    await sleep(POLL_MS);
  }
}
