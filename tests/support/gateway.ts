import { connect, createServer, type Server, type Socket } from 'node:net';
import { freePort } from '@tillcast/testkit';

/** A port on this machine that leads to another one, and can be shut. */
export interface Gateway extends AsyncDisposable {
  readonly port: number;
  /** Leads to that port from now on. */
  readonly lead: (to: number) => void;
  /** Refuses connections, and cuts those that are open. */
  readonly shut: () => Promise<void>;
  readonly open: () => Promise<void>;
}

/** Opens a gateway. */
export async function openGateway(): Promise<Gateway> {
  const port = await freePort();
  const sockets = new Set<Socket>();
  let target = 0;
  let server: Server | null = null;

  const pass = (near: Socket): void => {
    const far = connect(target, '127.0.0.1');
    for (const [socket, other] of [
      [near, far],
      [far, near],
    ] as const) {
      sockets.add(socket);
      // A broken line shows as the other side's end.
      socket.on('error', () => other.destroy());
      socket.on('close', () => {
        sockets.delete(socket);
        other.destroy();
      });
      socket.pipe(other);
    }
  };
  const open = (): Promise<void> =>
    new Promise((resolve, reject) => {
      if (server !== null) {
        resolve();
        return;
      }
      const opened = createServer(pass);
      opened.once('error', reject);
      opened.listen(port, '127.0.0.1', resolve);
      server = opened;
    });
  const shut = (): Promise<void> =>
    new Promise((resolve) => {
      const closing = server;
      server = null;
      for (const socket of sockets) socket.destroy();
      if (closing === null) resolve();
      else closing.close(() => resolve());
    });
  await open();
  return {
    port,
    lead: (to) => {
      target = to;
    },
    shut,
    open,
    [Symbol.asyncDispose]: shut,
  };
}
