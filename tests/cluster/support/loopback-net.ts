import { randomInt } from 'node:crypto';
import { createServer } from 'node:net';

/** The machines of the cluster, by the names that the files in deploy/ give them. */
export const RABBITMQ_HOSTS = ['rabbitmq1', 'rabbitmq2', 'rabbitmq3'] as const;
export const BACKEND_HOSTS = ['backend1', 'backend2'] as const;

export type RabbitmqHost = (typeof RABBITMQ_HOSTS)[number];
export type BackendHost = (typeof BACKEND_HOSTS)[number];
export type Host = RabbitmqHost | BackendHost | 'haproxy';

/**
 * A loopback address for each machine, so that all have the ports that they have where they are deployed. (Linux has
 * all of 127.0.0.0/8.) Between two nodes there is one more, at which the first finds the second.
 */
export interface LoopbackNet {
  readonly addressOf: (host: Host) => string;
  readonly linkAddress: (from: RabbitmqHost, to: RabbitmqHost) => string;
}

const LAST_BYTE: Readonly<Record<Host, number>> = {
  rabbitmq1: 11,
  rabbitmq2: 12,
  rabbitmq3: 13,
  backend1: 21,
  backend2: 22,
  haproxy: 2,
};

/** Chooses a part of the loopback net where nobody has the ports that HAProxy and a node take. */
export async function chooseLoopbackNet(): Promise<LoopbackNet> {
  for (let attempt = 0; attempt < 20; attempt += 1) {
    const part = randomInt(20, 250);
    const addressOf = (host: Host): string => `127.${part}.0.${LAST_BYTE[host]}`;
    const isFree = await Promise.all([
      canListen(addressOf('haproxy'), 8443),
      canListen(addressOf('rabbitmq1'), 5671),
    ]);
    if (!isFree.every(Boolean)) continue;
    return {
      addressOf,
      linkAddress: (from, to) => `127.${part}.${LAST_BYTE[from]}.${LAST_BYTE[to]}`,
    };
  }
  throw new Error(
    'Somebody listens on ports 8443 and 5671 of all of 127.0.0.0/8, or it is not there (macOS).',
  );
}

function canListen(host: string, port: number): Promise<boolean> {
  return new Promise((resolve) => {
    const server = createServer();
    server.once('error', () => resolve(false));
    server.listen({ host, port, exclusive: true }, () => server.close(() => resolve(true)));
  });
}
