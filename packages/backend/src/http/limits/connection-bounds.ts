import type { Socket } from 'node:net';
import type { App } from '../app-types.ts';
import { addressKey } from './address-key.ts';

/** A process has some 65,000 descriptors where it is set up well; Node alone would take connections until none is left. */
const MAX_CONNECTIONS = 20_000;
/** A shop's tills behind one address hold one or two each. */
const MAX_CONNECTIONS_OF_ADDRESS = 2_000;
/** No request of ours has more than a dozen; what has more is refused. */
const MAX_HEADERS = 100;

/**
 * Bounds what connections may hold before any request is there: how many there are, how many one address has
 * (unless it is a trusted proxy's), and how many headers a request has.
 */
export function boundConnections(
  app: App,
  isTrusted: (address: string) => boolean,
  maxOfAddress: number = MAX_CONNECTIONS_OF_ADDRESS,
): void {
  const open = new Map<string, number>();
  app.server.maxConnections = MAX_CONNECTIONS;
  app.server.maxHeadersCount = MAX_HEADERS;
  app.server.on('connection', (socket: Socket) => {
    const address = socket.remoteAddress;
    if (address === undefined || isTrusted(address)) return;
    const key = addressKey(address);
    const count = (open.get(key) ?? 0) + 1;
    if (count > maxOfAddress) {
      socket.destroy();
      return;
    }
    open.set(key, count);
    socket.once('close', () => {
      const left = (open.get(key) ?? 1) - 1;
      if (left === 0) open.delete(key);
      else open.set(key, left);
    });
  });
}
