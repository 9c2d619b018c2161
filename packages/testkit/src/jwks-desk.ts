import { createServer, type IncomingMessage, type ServerResponse } from 'node:http';
import { text } from 'node:stream/consumers';
import { z } from 'zod';
import { freePort } from './ports.ts';

/** A public key as a key set holds it. */
export type PublicJwk = Readonly<Record<string, unknown>> & { readonly kid: string };

const keySetSchema: z.ZodType<{ readonly keys: readonly PublicJwk[] }> = z.object({
  keys: z.array(z.looseObject({ kid: z.string().min(1) })),
});

/** A key set that test files add to: the run's broker has one address for keys, and every test system its own keys. */
export interface JwksDesk {
  /** `GET` answers with all keys; `POST` of a key set adds to them. */
  readonly url: string;
  readonly stop: () => Promise<void>;
}

/** Opens a key set on the loopback address. @param keys those in it from the start */
export async function openJwksDesk(keys: readonly PublicJwk[]): Promise<JwksDesk> {
  const byKid = new Map(keys.map((key) => [key.kid, key]));
  const answer = async (request: IncomingMessage, response: ServerResponse): Promise<void> => {
    if (request.method === 'POST') {
      const added = keySetSchema.parse(JSON.parse(await text(request)));
      for (const key of added.keys) byKid.set(key.kid, key);
    }
    response.setHeader('content-type', 'application/json');
    response.end(JSON.stringify({ keys: [...byKid.values()] }));
  };
  const port = await freePort();
  const server = createServer((request, response) => {
    answer(request, response).catch((error: unknown) => {
      response.statusCode = 400;
      response.end(String(error));
    });
  });
  await new Promise<void>((resolve, reject) => {
    server.once('error', reject);
    server.listen(port, '127.0.0.1', resolve);
  });
  return {
    url: `http://127.0.0.1:${port}/jwks.json`,
    stop: () =>
      new Promise((resolve, reject) => {
        server.close((error) => (error === undefined ? resolve() : reject(error)));
        server.closeAllConnections();
      }),
  };
}

/** Adds keys to the desk's set; those of the same `kid` are replaced. */
export async function addToJwksDesk(url: string, keys: readonly PublicJwk[]): Promise<void> {
  const response = await fetch(url, { method: 'POST', body: JSON.stringify({ keys }) });
  if (!response.ok) throw new Error(`The tests' key set took no keys: ${await response.text()}`);
}
