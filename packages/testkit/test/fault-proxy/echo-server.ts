import { createServer, type Socket } from 'node:net';
import { freePort } from '../../src/index.ts';

/** A TCP server on the loopback address that sends back what it gets. */
export interface EchoServer extends AsyncDisposable {
  readonly port: number;
  /** Connections that are open at this moment. */
  readonly open: () => number;
}

export async function startEchoServer(): Promise<EchoServer> {
  const port = await freePort();
  const sockets = new Set<Socket>();
  const server = createServer((socket) => {
    sockets.add(socket);
    socket.on('close', () => sockets.delete(socket));
    // A line that was torn off shows as its close.
    socket.on('error', () => undefined);
    socket.pipe(socket);
  });
  await new Promise<void>((resolve) => void server.listen(port, '127.0.0.1', resolve));
  return {
    port,
    open: () => sockets.size,
    [Symbol.asyncDispose]: () =>
      new Promise((resolve) => {
        for (const socket of sockets) socket.destroy();
        server.close(() => resolve());
      }),
  };
}
