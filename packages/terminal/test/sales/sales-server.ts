import { once } from 'node:events';
import { createServer, type IncomingMessage, type ServerResponse } from 'node:http';
import { type SaleResult, salesUploadSchema } from '@tillcast/protocol/http/sales-api';

/** How the server answers a request: as the API does, or in some other way. */
export type Manner =
  | 'well'
  | 'lost answer'
  | 'html'
  | 'nothing'
  | 'status 500'
  | 'status 503'
  | 'not understood'
  | 'half a JSON';

/** A server that takes sales as the API says, each once, and can be made to misbehave. */
export class SalesServer implements AsyncDisposable {
  readonly url: string;
  /** Every request: the ids that it brought, its key, and how long its body was. */
  readonly requests: { readonly ids: readonly unknown[]; readonly key: string; readonly bytes: number }[] =
    [];
  /** What was taken, by id, and how often it was brought. */
  readonly taken: Map<string, number> = new Map();
  /** How the next requests are answered, then `manner`. */
  readonly next: Manner[] = [];
  manner: Manner = 'well';
  /** The history that its answers name. */
  epoch = 'k3v9k3v9k3v9k3v9';
  /** Ids that are rejected, and those over which the whole request fails. */
  readonly rejects: Set<string> = new Set();
  readonly failsOver: Set<string> = new Set();
  /** Awaited after the sales of a request were taken, before it is answered. */
  beforeAnswer: () => Promise<void> = () => Promise.resolve();
  readonly #close: () => Promise<void>;

  private constructor(url: string, close: () => Promise<void>) {
    this.url = url;
    this.#close = close;
  }

  static async start(): Promise<SalesServer> {
    const server = createServer((request, response) => void opened.#answer(request, response));
    server.listen(0, '127.0.0.1');
    await once(server, 'listening');
    const address = server.address();
    if (address === null || typeof address === 'string') throw new Error('the server has no port');
    const opened: SalesServer = new SalesServer(`http://127.0.0.1:${address.port}`, async () => {
      server.closeAllConnections();
      server.close();
      await once(server, 'close');
    });
    return opened;
  }

  [Symbol.asyncDispose](): Promise<void> {
    return this.#close();
  }

  async #answer(request: IncomingMessage, response: ServerResponse): Promise<void> {
    const chunks: Buffer[] = [];
    for await (const chunk of request) chunks.push(Buffer.from(chunk as Uint8Array));
    const body = Buffer.concat(chunks);
    const { sales } = salesUploadSchema.parse(JSON.parse(body.toString('utf8')));
    const ids = sales.map(({ id }) => String(id));
    this.requests.push({ ids, key: String(request.headers['idempotency-key']), bytes: body.length });
    const manner = ids.some((id) => this.failsOver.has(id))
      ? 'status 500'
      : (this.next.shift() ?? this.manner);
    const problem = (status: number, code: string): void => {
      response.writeHead(status, { 'content-type': 'application/problem+json' });
      response.end(
        JSON.stringify({ type: 'about:blank', title: 't', status, code, detail: 'd', request_id: 'r' }),
      );
    };
    switch (manner) {
      case 'nothing':
        return;
      case 'html':
        response.writeHead(200, { 'content-type': 'text/html' }).end('<h1>Welcome to the hotel</h1>');
        return;
      case 'half a JSON':
        response.writeHead(200, { 'content-type': 'application/json' }).end('{"results": [');
        return;
      case 'status 500':
        return problem(500, 'internal');
      case 'status 503':
        return problem(503, 'database_unavailable');
      case 'not understood':
        return problem(400, 'request_invalid');
      case 'lost answer':
        this.#take(ids);
        response.destroy();
        return;
      case 'well': {
        const body = JSON.stringify({ epoch: this.epoch, results: this.#take(ids) });
        await this.beforeAnswer();
        response.writeHead(200, { 'content-type': 'application/json' }).end(body);
      }
    }
  }

  #take(ids: readonly string[]): SaleResult[] {
    return ids.map((id) => {
      if (this.rejects.has(id))
        return { id, outcome: 'rejected', code: 'sale_invalid', detail: 'Its sums do not hold.' };
      this.taken.set(id, (this.taken.get(id) ?? 0) + 1);
      return { id, outcome: 'accepted' };
    });
  }
}
