import { createServer, type IncomingMessage, type Server, type ServerResponse } from 'node:http';
import { freePort } from './ports.ts';

/** A server that runs once for all test files. */
export interface SharedServer {
  readonly start: () => Promise<StartedServer>;
}

/** A shared server that runs. */
export interface StartedServer {
  /** What tests are told: plain data, since it goes through JSON. */
  readonly address: unknown;
  readonly stop: () => Promise<void>;
}

/** The desk that hands out the shared servers' addresses. */
export interface SharedServers {
  /** Where to ask: `GET <url>/<name>` starts the server where needed and answers with its address as JSON. */
  readonly url: string;
  /** Stops every server that was started. */
  readonly stop: () => Promise<void>;
}

/**
 * Opens a desk on the loopback address where test files, each in its own process, ask for servers by name.
 * A server is started when it is first asked for, so that a run of pure tests starts none.
 */
export async function openSharedServers(
  servers: Readonly<Record<string, SharedServer>>,
): Promise<SharedServers> {
  const running = new Map<string, Promise<StartedServer>>();

  const addressOf = async (name: string): Promise<unknown> => {
    const server = servers[name];
    if (server === undefined) throw new Error(`There is no shared server "${name}".`);
    const known = running.get(name) ?? server.start();
    running.set(name, known);
    return (await known).address;
  };

  const answer = (request: IncomingMessage, response: ServerResponse): void => {
    addressOf((request.url ?? '/').slice(1)).then(
      (address) => response.end(JSON.stringify(address)),
      (error: unknown) => {
        response.statusCode = 500;
        response.end(error instanceof Error ? (error.stack ?? error.message) : String(error));
      },
    );
  };

  const port = await freePort();
  const desk = await listen(port, answer);
  return {
    url: `http://127.0.0.1:${port}`,
    stop: async () => {
      await closeDesk(desk);
      const started = await Promise.allSettled(running.values());
      const stops = started.map(async (each) => {
        // One that did not start has told so whoever asked for it.
        if (each.status === 'fulfilled') await each.value.stop();
      });
      const failed = (await Promise.allSettled(stops)).filter((each) => each.status === 'rejected');
      if (failed.length > 0) {
        throw new AggregateError(
          failed.map((each): unknown => each.reason),
          "Some of the tests' shared servers could not be stopped.",
        );
      }
    },
  };
}

function listen(
  port: number,
  answer: (request: IncomingMessage, response: ServerResponse) => void,
): Promise<Server> {
  return new Promise((resolve, reject) => {
    const desk = createServer(answer);
    desk.once('error', reject);
    desk.listen(port, '127.0.0.1', () => resolve(desk));
  });
}

function closeDesk(desk: Server): Promise<void> {
  return new Promise((resolve, reject) => {
    desk.close((error) => (error === undefined ? resolve() : reject(error)));
    desk.closeAllConnections();
  });
}

/**
 * Asks the desk for a server.
 * @param deskUrl from `inject('sharedServersUrl')`
 * @returns the address as the server's `start` gave it, gone through JSON
 */
export async function askForServer(deskUrl: string, name: string): Promise<unknown> {
  const response = await fetch(`${deskUrl}/${name}`);
  if (!response.ok) throw new Error(`The tests' shared ${name} did not start: ${await response.text()}`);
  return response.json();
}
