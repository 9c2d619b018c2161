import { execFile } from 'node:child_process';
import { mkdtemp, readFile, rm } from 'node:fs/promises';
import { connect } from 'node:net';
import { tmpdir } from 'node:os';
import { dirname, join } from 'node:path';
import { setTimeout as pause } from 'node:timers/promises';
import { promisify } from 'node:util';
import { findRabbitmq, type PrivateNode, silentLogger, startPrivateNode } from '@tillcast/broker';
import { z } from 'zod';

/** A RabbitMQ of a scenario's own, which can be killed, started again, and told what to do. */
export interface OwnBroker extends AsyncDisposable {
  /** Connects as administrator; the same after each start. */
  readonly amqpUrl: string;
  readonly port: number;
  /** Kills it (-9); resolves when it is gone. */
  readonly kill: () => Promise<void>;
  /** Starts it anew with what it has on disk. Resolves, when it is ready, to when its port opened, by `performance.now()`. */
  readonly startAgain: () => Promise<{ readonly portOpenAtMs: number }>;
  /** Runs `rabbitmqctl`; resolves to what it prints. */
  readonly control: (...args: readonly string[]) => Promise<string>;
}

const settingsSchema = z.object({ nodename: z.string() });

export async function startOwnBroker(): Promise<OwnBroker> {
  const dataDir = await mkdtemp(join(tmpdir(), 'tillcast-own-broker-'));
  let node: PrivateNode = await startPrivateNode({ dataDir, logger: silentLogger });
  const { ports } = node;
  const installation = await findRabbitmq();
  if (installation === null) throw new Error('RabbitMQ is not installed.');
  const settings = settingsSchema.parse(JSON.parse(await readFile(join(dataDir, 'node.json'), 'utf8')));
  const stop = async (): Promise<void> => {
    await node.stop();
    await rm(dataDir, { recursive: true, force: true });
  };
  return {
    amqpUrl: node.amqpUrl,
    port: ports.amqp,
    kill: async () => {
      process.kill(node.pid, 'SIGKILL');
      await node.exited;
      // Its port mapper, and its claim on the folder.
      await node.stop();
    },
    startAgain: async () => {
      const opening = portOpens(ports.amqp);
      node = await startPrivateNode({ dataDir, ports, logger: silentLogger });
      return { portOpenAtMs: await opening };
    },
    control: async (...args) => {
      const program = join(dirname(installation.serverScript), 'rabbitmqctl');
      const { stdout } = await promisify(execFile)(program, ['-n', settings.nodename, '-q', ...args], {
        env: {
          PATH: `${installation.erlangBin}:/usr/bin:/bin`,
          HOME: join(dataDir, 'home'),
          LANG: 'C.UTF-8',
          ERL_EPMD_PORT: String(ports.epmd),
          RABBITMQ_CONF_ENV_FILE: join(dataDir, 'rabbitmq-env.conf'),
        },
      });
      return stdout;
    },
    [Symbol.asyncDispose]: stop,
  };
}

async function portOpens(port: number): Promise<number> {
  for (;;) {
    if (await accepts(port)) return performance.now();
    await pause(10);
  }
}

function accepts(port: number): Promise<boolean> {
  return new Promise((resolve) => {
    const socket = connect(port, '127.0.0.1');
    socket.once('connect', () => resolve(true));
    socket.once('error', () => resolve(false));
    socket.once('connect', () => socket.destroy());
  });
}
