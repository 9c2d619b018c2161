import { TillcastError } from '@tillcast/protocol/errors';
import type { App } from './app-types.ts';

/** A server that listens; disposing of it stops it. */
export interface ListeningServer extends AsyncDisposable {
  readonly url: string;
}

/** How long open requests may take to finish once no new ones are taken. */
const DRAIN_TIMEOUT_MS = 4_000;

/**
 * Starts to listen.
 * @throws TillcastError `port_in_use`; `configuration_invalid` for an address that is not this machine's
 */
export async function listen(
  app: App,
  at: { readonly host: string; readonly port: number; readonly secure: boolean },
): Promise<ListeningServer> {
  try {
    await app.listen({ host: at.host, port: at.port, listenTextResolver: () => 'listening' });
  } catch (error) {
    await app.close();
    throw refusalOf(error, at);
  }
  const address = app.server.address();
  const port = typeof address === 'object' && address !== null ? address.port : at.port;
  const scheme = at.secure ? 'https' : 'http';
  return { url: `${scheme}://${urlHost(at.host)}:${port}`, [Symbol.asyncDispose]: () => drain(app) };
}

/** Takes no new connections, lets open requests finish, and cuts off those that do not. */
async function drain(app: App): Promise<void> {
  const timer = setTimeout(() => app.server.closeAllConnections(), DRAIN_TIMEOUT_MS);
  try {
    await app.close();
  } finally {
    clearTimeout(timer);
  }
}

function refusalOf(error: unknown, { host, port }: { host: string; port: number }): unknown {
  const code = error instanceof Error && 'code' in error ? error.code : undefined;
  if (code === 'EADDRINUSE') {
    return new TillcastError(
      'port_in_use',
      `Port ${port} on ${host} is in use by another program: choose another with --port or PORT, or end that program.`,
      { cause: error },
    );
  }
  if (code === 'EACCES') {
    return new TillcastError(
      'configuration_invalid',
      `Port ${port} may not be used by this user: choose one above 1023 with --port or PORT.`,
      { cause: error },
    );
  }
  if (code === 'EADDRNOTAVAIL' || code === 'ENOTFOUND') {
    return new TillcastError(
      'configuration_invalid',
      `HOST is ${JSON.stringify(host)}, which is no address of this machine: try 127.0.0.1 or 0.0.0.0.`,
      { cause: error },
    );
  }
  return error;
}

/** Every address and IPv6 as a URL takes them. */
function urlHost(host: string): string {
  if (host === '0.0.0.0' || host === '::') return 'localhost';
  return host.includes(':') ? `[${host}]` : host;
}
