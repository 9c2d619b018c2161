import { TillcastError } from '@tillcast/protocol/errors';
import type { z } from 'zod';
import { textOf } from './amqp-error.ts';
import { certificateFault } from './transport/certificate-fault.ts';
import { circuitFetch } from './transport/circuit-fetch.ts';
import { fetchFromAny } from './transport/fetch-from-any.ts';
import { createFetch, type Fetch } from './transport/fetch-over-tls.ts';

/** Where the management API is, and who asks. */
export interface ManagementOptions {
  /** `http(s)://host:port`, without a user. */
  readonly url: string;
  /** Of the other nodes of the cluster: who is asked where the first is not there, for each answers for all. */
  readonly otherUrls?: readonly string[];
  readonly username: string;
  readonly password: string;
  /** The certificate authorities to trust for https, in PEM; null or left out: the system's. */
  readonly caPem?: string | null;
  /** Bounds one request. Default 10,000. */
  readonly timeoutMs?: number;
}

/** A request to the management API; `path` parts are percent-encoded here (a virtual host is often `/`). */
export interface ManagementRequest {
  readonly method: 'GET' | 'PUT' | 'POST' | 'DELETE';
  readonly path: readonly string[];
  readonly query?: Readonly<Record<string, string>>;
  readonly headers?: Readonly<Record<string, string>>;
  readonly body?: object;
  /** A missing thing is as good as success: for deletions. */
  readonly missingIsFine?: boolean;
  /** Where the client's own limit is longer than this, this one counts. */
  readonly timeoutMs?: number;
}

/**
 * Sends requests to the management API.
 *
 * Errors: `broker_unavailable` when it cannot be reached or is not ready, `broker_access_refused` on 401 and
 * 403, `not_found` on 404, `answer_invalid` when the answer is not what it should be.
 */
export class ManagementHttp {
  readonly #base: URL;
  readonly #authorization: string;
  readonly #timeoutMs: number;
  readonly #fetch: Fetch;

  constructor(options: ManagementOptions) {
    this.#base = baseOf(options.url);
    const origins = [this.#base, ...(options.otherUrls ?? []).map(baseOf)].map(({ origin }) => origin);
    this.#authorization = `Basic ${Buffer.from(`${options.username}:${options.password}`).toString('base64')}`;
    this.#timeoutMs = options.timeoutMs ?? 10_000;
    // What hangs for one license must not keep the others' requests waiting for its outcome.
    this.#fetch = circuitFetch(fetchFromAny(origins, createFetch(options.caPem ?? null)), {
      what: "RabbitMQ's management API",
      code: 'broker_unavailable',
      openMaxMs: 1_000,
      probesAlone: false,
    });
  }

  /** Sends a request whose answer does not matter beyond its success. */
  async send(request: ManagementRequest): Promise<void> {
    const response = await this.#ask(request);
    await this.#readBody(request, response);
  }

  /** Sends a request and parses its answer. */
  async read<T>(request: ManagementRequest, schema: z.ZodType<T>): Promise<T> {
    const text = await this.#readBody(request, await this.#ask(request));
    let json: unknown;
    try {
      json = JSON.parse(text);
    } catch (error) {
      throw new TillcastError('answer_invalid', `${this.#describe(request)} did not answer with JSON.`, {
        cause: error,
      });
    }
    const parsed = schema.safeParse(json);
    if (!parsed.success) {
      throw new TillcastError(
        'answer_invalid',
        `${this.#describe(request)} answered with something else than expected; is it a RabbitMQ of version 3.10 or newer?`,
        { cause: parsed.error },
      );
    }
    return parsed.data;
  }

  async #ask(request: ManagementRequest): Promise<Response> {
    const url = new URL(this.#base);
    url.pathname = ['', 'api', ...request.path.map(encodeURIComponent)].join('/');
    if (request.query !== undefined) url.search = new URLSearchParams(request.query).toString();
    const headers: Record<string, string> = { ...request.headers, authorization: this.#authorization };
    if (request.body !== undefined) headers['content-type'] = 'application/json';
    try {
      return await this.#fetch(url, {
        method: request.method,
        headers,
        body: request.body === undefined ? null : JSON.stringify(request.body),
        signal: AbortSignal.timeout(Math.min(this.#timeoutMs, request.timeoutMs ?? Number.POSITIVE_INFINITY)),
      });
    } catch (error) {
      if (error instanceof TillcastError) throw error;
      const cause = error instanceof Error && error.cause !== undefined ? error.cause : error;
      const why = certificateFault(error, 'AMQP_CA_FILE');
      throw new TillcastError(
        'broker_unavailable',
        `${this.#describe(request)} failed: ${why ?? `${textOf(cause)}. Check that the broker runs with its management plugin`}.`,
        { cause: error },
      );
    }
  }

  async #readBody(request: ManagementRequest, response: Response): Promise<string> {
    let text: string;
    try {
      text = await response.text();
    } catch (error) {
      throw new TillcastError(
        'broker_unavailable',
        `${this.#describe(request)} broke off: ${textOf(error)}`,
        { cause: error },
      );
    }
    if (response.ok || (response.status === 404 && request.missingIsFine === true)) return text;
    const said = `${this.#describe(request)} answered ${response.status}: ${text.slice(0, 500)}`;
    if (response.status === 401 || response.status === 403) {
      throw new TillcastError(
        'broker_access_refused',
        `${said}. Check the management user, its password and its tags.`,
      );
    }
    if (response.status === 404) throw new TillcastError('not_found', said);
    if (response.status >= 500) throw new TillcastError('broker_unavailable', said);
    throw new TillcastError('answer_invalid', said);
  }

  #describe(request: ManagementRequest): string {
    return `The broker's management API (${request.method} ${this.#base.host}/api/${request.path.join('/')})`;
  }
}

function baseOf(text: string): URL {
  const base = URL.parse(text);
  if (base !== null && (base.protocol === 'http:' || base.protocol === 'https:')) return base;
  throw new TillcastError(
    'configuration_invalid',
    'The management URL is not valid; it must look like http://127.0.0.1:15672.',
  );
}
