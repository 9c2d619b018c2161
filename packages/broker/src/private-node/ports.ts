import { randomInt } from 'node:crypto';
import { createServer } from 'node:net';
import { TillcastError } from '@tillcast/protocol/errors';

/** The ports of a private node, all on the loopback interface. */
export interface NodePorts {
  readonly amqp: number;
  readonly management: number;
  /** Erlang's distribution: the node's own command-line tools. */
  readonly distribution: number;
  /** The node's own port mapper. */
  readonly epmd: number;
}

export const LOOPBACK = '127.0.0.1';

/** Above the system's services, below the ephemeral ports (from 32768), which outgoing connections take at random. */
const LOWEST = 20_000;
const HIGHEST = 32_000;

const NAMES = ['amqp', 'management', 'distribution', 'epmd'] as const;

/**
 * Chooses a node's ports: those that are `fixed` must be free; those of the last run are taken again where
 * they are free; the rest is looked for.
 *
 * @throws `port_in_use` when a fixed port is taken
 */
export async function choosePorts(fixed: Partial<NodePorts>, last: Partial<NodePorts>): Promise<NodePorts> {
  const taken = new Set<number>();
  const choose = async (name: (typeof NAMES)[number]): Promise<number> => {
    const wanted = fixed[name];
    if (wanted !== undefined) {
      if (taken.has(wanted) || !(await isFree(wanted))) {
        throw new TillcastError(
          'port_in_use',
          `Port ${wanted} on ${LOOPBACK}, which RabbitMQ's ${name} is to listen on, is in use. Stop what listens there, or choose another port.`,
        );
      }
      return wanted;
    }
    const before = last[name];
    if (before !== undefined && !taken.has(before) && (await isFree(before))) return before;
    return findFreePort(taken);
  };
  const chosen = { amqp: 0, management: 0, distribution: 0, epmd: 0 };
  for (const name of NAMES) {
    chosen[name] = await choose(name);
    taken.add(chosen[name]);
  }
  return chosen;
}

async function findFreePort(taken: ReadonlySet<number>): Promise<number> {
  // A random start, lest two nodes that start at the same moment look at the same ports.
  const start = randomInt(LOWEST, HIGHEST);
  for (let offset = 0; offset < HIGHEST - LOWEST; offset++) {
    const port = LOWEST + ((start - LOWEST + offset) % (HIGHEST - LOWEST));
    if (!taken.has(port) && (await isFree(port))) return port;
  }
  throw new TillcastError(
    'port_in_use',
    `No free port was found on ${LOOPBACK} between ${LOWEST} and ${HIGHEST}.`,
  );
}

async function isFree(port: number): Promise<boolean> {
  const { promise, resolve, reject } = Promise.withResolvers<boolean>();
  const server = createServer();
  server.once('error', (error: NodeJS.ErrnoException) => {
    if (error.code === 'EADDRINUSE' || error.code === 'EACCES') resolve(false);
    else reject(error);
  });
  server.listen({ port, host: LOOPBACK, exclusive: true }, () => server.close(() => resolve(true)));
  return promise;
}
