import { request as httpRequest } from 'node:http';
import { request as httpsRequest } from 'node:https';
import { connect as connectSocket, type Socket } from 'node:net';
import { connect as connectTls } from 'node:tls';
import { IDENTITY_PATHS } from '@tillcast/protocol/http/identity-api';
import { z } from 'zod';

/** A request as an attacker writes it. */
export interface ProbeRequest {
  readonly method?: string;
  /** With its query, as it goes on the wire. */
  readonly path: string;
  readonly headers?: Readonly<Record<string, string | string[]>>;
  readonly body?: string | Buffer;
}

/** What came back. */
export interface ProbeAnswer {
  readonly status: number;
  readonly headers: Readonly<Record<string, string | readonly string[] | undefined>>;
  readonly text: string;
  /** The code of the error catalog; empty where the answer is no problem. */
  readonly code: string;
  /** The body as JSON; null where it is none. */
  json(): unknown;
}

const TIMEOUT_MS = 30_000;
const MAX_ANSWER_BYTES = 32 * 1024 * 1024;

const problemSchema = z.object({ code: z.string() });

/** What is refused so stands in the audit log. */
const AUDITED_STATUSES: ReadonlySet<number> = new Set([401, 403, 413, 415, 429]);
/** What these refuse themselves stands there under their own names. */
const SELF_AUDITED: Readonly<Record<string, string>> = {
  [IDENTITY_PATHS.activate]: 'activation.refused',
  [IDENTITY_PATHS.token]: 'token.refused',
};

/** Speaks HTTP with the API, with none of the manners of a client. */
export class HttpProbe {
  readonly #base: URL;
  readonly #ca: { readonly ca?: string };
  readonly #refusals = new Set<string>();

  /** @param caPem the certificate authorities to trust for https; null: the system's */
  constructor(url: string, caPem: string | null = null) {
    this.#base = new URL(url);
    this.#ca = caPem === null ? {} : { ca: caPem };
  }

  get url(): string {
    return this.#base.href.replace(/\/+$/, '');
  }

  /** What must stand in the audit log of all that was answered: `request.refused token_invalid`. */
  get refusals(): ReadonlySet<string> {
    return this.#refusals;
  }

  /** Sends a request. A connection that ends without an answer is status 0. */
  async send(request: ProbeRequest): Promise<ProbeAnswer> {
    return this.#noted(request.path, await this.#send(request));
  }

  #send(request: ProbeRequest): Promise<ProbeAnswer> {
    const { promise, resolve } = Promise.withResolvers<ProbeAnswer>();
    const send = this.#base.protocol === 'https:' ? httpsRequest : httpRequest;
    const { body } = request;
    const headers: Record<string, string | string[]> = { ...request.headers };
    if (
      body !== undefined &&
      headers['content-length'] === undefined &&
      headers['transfer-encoding'] === undefined
    )
      headers['content-length'] = String(Buffer.byteLength(body));
    const outgoing = send({
      ...this.#ca,
      hostname: bare(this.#base.hostname),
      port: this.#base.port,
      path: request.path,
      method: request.method ?? 'GET',
      headers,
      timeout: TIMEOUT_MS,
      agent: false,
    });
    let answered = false;
    const fail = (error: Error): void => {
      if (!answered) resolve(answerFrom(0, {}, error.message));
    };
    outgoing.once('timeout', () => outgoing.destroy(new Error('no answer')));
    outgoing.on('error', fail);
    outgoing.once('response', (incoming) => {
      answered = true;
      const chunks: Buffer[] = [];
      let size = 0;
      incoming.on('data', (chunk: Buffer) => {
        size += chunk.length;
        if (size <= MAX_ANSWER_BYTES) chunks.push(chunk);
      });
      const end = (): void =>
        resolve(
          answerFrom(incoming.statusCode ?? 0, incoming.headers, Buffer.concat(chunks).toString('utf8')),
        );
      incoming.once('end', end);
      // It closed the connection while the rest of the request was still being sent.
      incoming.once('error', end);
    });
    outgoing.end(body);
    return promise;
  }

  /** Sends bytes that no client would send, and reads the answer to its end. */
  async sendRaw(bytes: Buffer): Promise<ProbeAnswer> {
    const [, path = ''] = /^[A-Z]+ (\S+)/.exec(bytes.subarray(0, 200).toString('latin1')) ?? [];
    return this.#noted(path, await this.#sendRaw(bytes));
  }

  #sendRaw(bytes: Buffer): Promise<ProbeAnswer> {
    const { promise, resolve } = Promise.withResolvers<ProbeAnswer>();
    const socket = this.#connect();
    const chunks: Buffer[] = [];
    socket.setTimeout(TIMEOUT_MS, () => socket.destroy());
    socket.on('data', (chunk: Buffer) => chunks.push(chunk));
    socket.once('error', () => socket.destroy());
    socket.once('close', () => {
      const text = Buffer.concat(chunks).toString('utf8');
      const status = Number(/^HTTP\/1\.1 (\d{3})/.exec(text)?.[1] ?? 0);
      resolve(answerFrom(status, {}, text.split('\r\n\r\n').slice(1).join('\r\n\r\n')));
    });
    // Not ended: a server may take a half-closed connection for one that is given up.
    socket.write(bytes);
    return promise;
  }

  /** Sends bytes and nothing more, and keeps the connection until it is closed. */
  hold(bytes: Buffer): { close(): void } {
    const socket = this.#connect();
    socket.once('error', () => socket.destroy());
    socket.resume();
    socket.write(bytes);
    return { close: () => socket.destroy() };
  }

  /** The bytes of a request for {@link sendRaw}; header values go out as they are. */
  rawRequest(path: string, headers: Readonly<Record<string, string>>, method = 'GET'): Buffer {
    const lines = Object.entries({ host: this.#base.host, connection: 'close', ...headers });
    const text = lines.map(([name, value]) => `${name}: ${value}\r\n`).join('');
    return Buffer.from(`${method} ${path} HTTP/1.1\r\n${text}\r\n`, 'latin1');
  }

  #noted(path: string, answer: ProbeAnswer): ProbeAnswer {
    const { status, code } = answer;
    if (AUDITED_STATUSES.has(status) && code !== '') {
      const own = [401, 403].includes(status) ? SELF_AUDITED[path] : undefined;
      this.#refusals.add(`${own ?? 'request.refused'} ${code}`);
    }
    return answer;
  }

  #connect(): Socket {
    const secure = this.#base.protocol === 'https:';
    const host = bare(this.#base.hostname);
    const port = Number(this.#base.port === '' ? (secure ? 443 : 80) : this.#base.port);
    return secure ? connectTls({ host, port, servername: host, ...this.#ca }) : connectSocket({ host, port });
  }
}

/** A refusal’s words: `401 token_invalid`. */
export function told(answer: ProbeAnswer): string {
  return `${answer.status === 0 ? 'no answer' : answer.status} ${answer.code}`.trim();
}

function answerFrom(status: number, headers: ProbeAnswer['headers'], text: string): ProbeAnswer {
  const json = (): unknown => {
    try {
      return JSON.parse(text);
    } catch (error) {
      if (error instanceof SyntaxError) return null;
      throw error;
    }
  };
  const problem = status >= 400 ? problemSchema.safeParse(json()) : null;
  return { status, headers, text, code: problem?.success === true ? problem.data.code : '', json };
}

function bare(hostname: string): string {
  return hostname.replace(/^\[|\]$/g, '');
}
