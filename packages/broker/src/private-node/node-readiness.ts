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
export function amqpUrlOf(settings: RunningSettings, secure: boolean): string {
  const { username, password, ports } = settings;
  return `${secure ? 'amqps' : 'amqp'}://${encodeURIComponent(username)}:${encodeURIComponent(password)}@${LOOPBACK}:${ports.amqp}/`;
}

/** The management API's URL, without user and password. */
export function managementUrlOf(ports: NodePorts, secure: boolean): string {
  return `${secure ? 'https' : 'http'}://${LOOPBACK}:${ports.management}`;
}

/**
 * Waits until AMQP and the management API really answer, over TLS where an authority is given; returns the
 * broker's version. Rejects with the signal's reason when that aborts.
 */
export async function untilReady(
  node: NodeProcess,
  settings: RunningSettings,
  paths: NodePaths,
  {
    timeoutMs,
    caPem,
    signal,
  }: { readonly timeoutMs: number; readonly caPem: string | null; readonly signal?: AbortSignal },
): Promise<string> {
  const deadline = AbortSignal.timeout(timeoutMs);
  const giveUp = signal === undefined ? deadline : AbortSignal.any([deadline, signal]);
  const management = new ManagementClient({
    url: managementUrlOf(settings.ports, caPem !== null),
    username: settings.username,
    password: settings.password,
    caPem,
    timeoutMs: 5_000,
  });
  for (;;) {
    let last: unknown;
    try {
      const { model } = await connectOnce({
        url: amqpUrlOf(settings, caPem !== null),
        credentials: null,
        tls: caPem === null ? {} : { ca: caPem },
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
