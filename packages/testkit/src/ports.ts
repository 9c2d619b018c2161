import { randomInt } from 'node:crypto';
import { createServer } from 'node:net';

/** Below the ports that the system hands out for outgoing connections (32768 and up on Linux). */
const LOWEST_PORT = 12_000;
const HIGHEST_PORT = 32_767;
const ATTEMPTS = 50;

/**
 * A TCP port of the loopback address that nobody listens on right now, between 12000 and 32767. It is not
 * reserved: take it soon, and be ready to ask again when somebody was faster.
 */
export async function freePort(): Promise<number> {
  for (let attempt = 0; attempt < ATTEMPTS; attempt += 1) {
    const port = randomInt(LOWEST_PORT, HIGHEST_PORT + 1);
    if (await isFree(port)) return port;
  }
  throw new Error(`None of ${ATTEMPTS} ports tried on 127.0.0.1 is free; stop some of what listens there.`);
}

/** Whether nobody listens on the loopback address's port at this moment. */
export function isFree(port: number): Promise<boolean> {
  return new Promise((resolve) => {
    const server = createServer();
    server.once('error', () => resolve(false));
    server.listen({ port, host: '127.0.0.1', exclusive: true }, () => server.close(() => resolve(true)));
  });
}
