import { connect as connectSocket } from 'node:net';
import { delimiter } from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import type { Claim } from './claim.ts';
import type { RabbitmqInstallation } from './find-rabbitmq.ts';
import { type NodePaths, nodeEnvironment, nodeMarker } from './node-config.ts';
import { type NodeProcess, startProcess } from './node-process.ts';
import type { RunningSettings } from './node-settings.ts';
import { LOOPBACK, type NodePorts } from './ports.ts';
import { startFailure } from './start-failure.ts';

/** What a node's processes are started with. */
export interface LaunchContext {
  readonly installation: RabbitmqInstallation;
  readonly paths: NodePaths;
  readonly claim: Claim;
  /** Told of each process at once, so that it is stopped whatever fails next. */
  readonly onStarted: (started: NodeProcess) => void;
}

/**
 * Erlang needs a port mapper even for a node that talks to nobody, and would start a daemon for all nodes of
 * the machine, which outlives ours. So the node gets one of its own, on its own port, as our child.
 */
export async function startEpmd(context: LaunchContext, ports: NodePorts): Promise<NodeProcess> {
  const { installation, paths, claim } = context;
  const args = ['-port', String(ports.epmd), '-address', LOOPBACK];
  const epmd = await startProcess({
    command: installation.epmd,
    args,
    env: {},
    cwd: paths.dataDir,
    output: paths.output,
  });
  context.onStarted(epmd);
  await claim.record({ pid: epmd.pid, marker: args.join(' ') });
  const until = performance.now() + 10_000;
  while (!(await accepts(ports.epmd))) {
    if (epmd.hasExited() || performance.now() > until) {
      throw await startFailure(
        paths,
        `Erlang's port mapper (${installation.epmd}) did not start on port ${ports.epmd}`,
      );
    }
    await sleep(20);
  }
  return epmd;
}

function accepts(port: number): Promise<boolean> {
  const { promise, resolve } = Promise.withResolvers<boolean>();
  const socket = connectSocket({ host: LOOPBACK, port });
  socket.once('connect', () => resolve(true));
  socket.once('error', () => resolve(false));
  return promise.finally(() => socket.destroy());
}

/** Starts the server itself; returns before it is ready. */
export async function startServer(context: LaunchContext, settings: RunningSettings): Promise<NodeProcess> {
  const { installation, paths, claim } = context;
  const env = nodeEnvironment(paths, settings.ports, settings.nodename, {
    path: [installation.erlangBin, process.env['PATH'] ?? '', '/usr/bin', '/bin'].join(delimiter),
    lang: 'C.UTF-8',
  });
  const node = await startProcess({
    command: installation.serverScript,
    args: [],
    env,
    cwd: paths.dataDir,
    output: paths.output,
  });
  context.onStarted(node);
  await claim.record({ pid: node.pid, marker: nodeMarker(settings.nodename) });
  return node;
}
