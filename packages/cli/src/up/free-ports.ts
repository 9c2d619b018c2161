import { createServer } from 'node:net';
import { TillcastError } from '@tillcast/protocol/errors';
import { portOwner } from './port-owner.ts';

/** A port that is wanted, for what, and the flag that would change it. */
export interface WantedPort {
  readonly port: number;
  readonly what: string;
  readonly flag: string;
}

/**
 * Makes sure that all ports are free, before anything is started.
 * @throws TillcastError `port_in_use` that names each busy one, who has it where that can be known, and the flag
 */
export async function requireFreePorts(wanted: readonly WantedPort[]): Promise<void> {
  const busy: string[] = [];
  for (const { port, what, flag } of wanted) {
    if (await isFree(port)) continue;
    const owner = await portOwner(port);
    const by = owner === null ? '' : ` by ${owner}`;
    busy.push(`Port ${port} for ${what} is in use${by}; ${flag} takes another.`);
  }
  if (busy.length > 0) throw new TillcastError('port_in_use', `${busy.join(' ')} Nothing was started.`);
}

function isFree(port: number): Promise<boolean> {
  const { promise, resolve, reject } = Promise.withResolvers<boolean>();
  const server = createServer();
  server.once('error', (error: NodeJS.ErrnoException) => {
    if (error.code === 'EADDRINUSE') resolve(false);
    else if (error.code === 'EACCES') {
      const text = `Port ${port} may not be used by this user: choose one above 1023.`;
      reject(new TillcastError('port_in_use', text, { cause: error }));
    } else reject(error);
  });
  server.listen({ port, host: '127.0.0.1', exclusive: true }, () => server.close(() => resolve(true)));
  return promise;
}
