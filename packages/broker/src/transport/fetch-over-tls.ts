import type { IncomingMessage } from 'node:http';
import { Agent, request } from 'node:https';
import { pipeline, type Transform } from 'node:stream';
import { createBrotliDecompress, createGunzip, createZstdDecompress } from 'node:zlib';

/** What our clients ask of `fetch`. */
export interface FetchInit {
  readonly method?: string;
  readonly headers?: Readonly<Record<string, string>>;
  readonly body?: string | null;
  readonly redirect?: 'error';
  readonly signal?: AbortSignal;
}

/** The part of `fetch` that our clients use; a redirect is always an error. */
export type Fetch = (url: string | URL, init?: FetchInit) => Promise<Response>;

/** Idle sockets are kept for the next question, but not for ever. */
const IDLE_TIMEOUT_MS = 60_000;

/**
 * A `fetch` that trusts these authorities alone (PEM), or, for null, those of the system. Each client has its
 * own trust: nothing is changed for the rest of the process. Certificates are always verified, whatever Node's
 * own environment variables say.
 */
export function createFetch(caPem: string | null): Fetch {
  const agent = new Agent({
    ...(caPem === null ? {} : { ca: caPem }),
    rejectUnauthorized: true,
    minVersion: 'TLSv1.2',
    keepAlive: true,
    timeout: IDLE_TIMEOUT_MS,
  });
  return (url, init = {}) => {
    const target = new URL(url);
    if (target.protocol === 'https:') return ask(target, init, agent);
    // Nothing to verify there: whoever allowed plain text meant it.
    return fetch(target, { ...init, redirect: 'error' });
  };
}

function ask(url: URL, init: FetchInit, agent: Agent): Promise<Response> {
  const { promise, resolve, reject } = Promise.withResolvers<Response>();
  const { method = 'GET', headers = {}, body = null, signal } = init;
  const length = body === null ? {} : { 'content-length': String(Buffer.byteLength(body)) };
  const outgoing = request(url, {
    agent,
    method,
    headers: { 'accept-encoding': 'gzip, br', ...headers, ...length },
    ...(signal === undefined ? {} : { signal }),
  });
  outgoing.once('error', reject);
  outgoing.once('response', (incoming) => {
    const status = incoming.statusCode ?? 0;
    if (status >= 300 && status < 400 && incoming.headers.location !== undefined) {
      incoming.destroy();
      reject(new Error(`it answered with a redirect (${status}), which is not followed`));
      return;
    }
    try {
      resolve(responseOf(incoming, status));
    } catch (error) {
      incoming.destroy();
      reject(error instanceof Error ? error : new Error(String(error)));
    }
  });
  outgoing.end(body ?? undefined);
  return promise;
}

function responseOf(incoming: IncomingMessage, status: number): Response {
  const headers = new Headers();
  for (const [name, values] of Object.entries(incoming.headersDistinct)) {
    for (const value of values ?? []) headers.append(name, value);
  }
  const empty = status === 204 || status === 205 || status === 304;
  if (empty) incoming.resume();
  return new Response(empty ? null : webStreamOf(incoming), { status, headers });
}

function webStreamOf(incoming: IncomingMessage): ReadableStream<Uint8Array> {
  const decoder = decoderOf(incoming.headers['content-encoding'] ?? 'identity');
  // An answer that breaks off breaks off for its reader, who is told by the stream; without a listener the
  // process would end.
  if (decoder === null) incoming.on('error', () => undefined);
  else pipeline(incoming, decoder, () => undefined);
  return ReadableStream.from<Uint8Array>(decoder ?? incoming);
}

function decoderOf(coding: string): Transform | null {
  switch (coding) {
    case 'identity':
      return null;
    case 'gzip':
      return createGunzip();
    case 'br':
      return createBrotliDecompress();
    case 'zstd':
      return createZstdDecompress();
    default:
      throw new Error('it answered in a coding that was not asked for');
  }
}
