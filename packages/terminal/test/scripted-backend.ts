import { createServer, type IncomingMessage, type Server, type ServerResponse } from 'node:http';
import { text } from 'node:stream/consumers';
import { gzipSync } from 'node:zlib';
import { type ErrorCode, TillcastError } from '@tillcast/protocol/errors';
import { IDENTITY_PATHS, type MessageKey } from '@tillcast/protocol/http/identity-api';
import { PROBLEM_MEDIA_TYPE, problemOf } from '@tillcast/protocol/http/problem';
import { type StatusAnswer, type StatusReport, statusReportSchema } from '@tillcast/protocol/http/status-api';
import { LICENSE_KEY_HEADER, SYNC_PATHS } from '@tillcast/protocol/http/sync-api';
import type { ModelCatalog } from './model-catalog.ts';

/**
 * The sync API over a model catalog, made to do what a real backend does not do on demand: refuse, answer
 * wrongly, hang.
 */
export class ScriptedBackend implements AsyncDisposable {
  readonly catalog: ModelCatalog;
  /** The paths that were asked for, with their query. */
  readonly asked: string[] = [];
  readonly reports: StatusReport[] = [];
  /** What answers to reports say besides where the license stands. */
  besides: Pick<StatusAnswer, 'notices' | 'cloned' | 'next_report_s'> = {};
  /** Knows the first fields of reports alone, as an older server. */
  isOlder = false;
  /** Rows per delta page. */
  pageSize = 1_000;
  /** Answers every question with this problem; null: serves. */
  refuseWith: ErrorCode | null = null;
  /** Changes an answer's JSON before it is sent. */
  distort: (path: string, answer: Record<string, unknown>) => Record<string, unknown> = (_path, answer) =>
    answer;
  /** The keys that it tells of. */
  messageKeys: readonly MessageKey[];
  /** Takes questions and never answers. */
  hangs = false;
  readonly #server: Server;
  readonly port: number;

  private constructor(catalog: ModelCatalog, port: number) {
    this.catalog = catalog;
    this.messageKeys = [catalog.signer.key];
    this.port = port;
    this.#server = createServer((request, response) => {
      this.#answer(request, response).catch((error: unknown) =>
        response.destroy(error instanceof Error ? error : undefined),
      );
    });
  }

  static async start(catalog: ModelCatalog, port: number): Promise<ScriptedBackend> {
    const backend = new ScriptedBackend(catalog, port);
    await new Promise<void>((resolve, reject) => {
      backend.#server.once('error', reject);
      backend.#server.listen(port, '127.0.0.1', resolve);
    });
    return backend;
  }

  get url(): string {
    return `http://127.0.0.1:${this.port}`;
  }

  countAsked(path: string): number {
    return this.asked.filter((asked) => asked.startsWith(path)).length;
  }

  async stop(): Promise<void> {
    if (!this.#server.listening) return;
    const closed = new Promise((resolve) => this.#server.close(resolve));
    this.#server.closeAllConnections();
    await closed;
  }

  async [Symbol.asyncDispose](): Promise<void> {
    await this.stop();
  }

  async #answer(request: IncomingMessage, response: ServerResponse): Promise<void> {
    const url = new URL(request.url ?? '/', this.url);
    this.asked.push(url.pathname + url.search);
    const body = await text(request);
    if (this.hangs) return;
    if (url.pathname === IDENTITY_PATHS.messageKeys) return sendJson(response, { keys: this.messageKeys });
    if (request.headers[LICENSE_KEY_HEADER] !== this.catalog.licenseKey)
      return refuse(response, 'license_unknown');
    if (this.refuseWith !== null) return refuse(response, this.refuseWith);
    if (this.isOlder && url.pathname === SYNC_PATHS.status && body.includes('notices')) {
      return refuse(response, 'request_invalid');
    }
    const answer = this.#answerTo(url, body);
    if (answer === null) return refuse(response, 'history_gone');
    sendJson(response, this.distort(url.pathname, answer));
  }

  #answerTo(url: URL, body: string): Record<string, unknown> | null {
    switch (url.pathname) {
      case SYNC_PATHS.fullData:
        return this.catalog.snapshot();
      case SYNC_PATHS.changes: {
        const { epoch, since, page } = Object.fromEntries(url.searchParams);
        return this.catalog.delta(epoch ?? '', Number(since), Number(page ?? 0), this.pageSize);
      }
      case SYNC_PATHS.digests:
        return this.catalog.digests();
      case SYNC_PATHS.rowDigests:
        return this.catalog.rowDigests(url.searchParams.get('buckets')?.split(',') ?? []);
      case SYNC_PATHS.rows:
        return this.catalog.numbered(url.searchParams.get('digests')?.split(',') ?? []);
      case SYNC_PATHS.status:
        this.reports.push(statusReportSchema.parse(JSON.parse(body)));
        return { ...this.catalog.head(), valid: true, code: 'license_active', detail: '', ...this.besides };
      default:
        throw new Error(`Nothing is scripted for ${url.pathname}.`);
    }
  }
}

function sendJson(response: ServerResponse, answer: object): void {
  response.setHeader('content-type', 'application/json');
  response.setHeader('content-encoding', 'gzip');
  response.end(gzipSync(JSON.stringify(answer)));
}

function refuse(response: ServerResponse, code: ErrorCode): void {
  const problem = problemOf(new TillcastError(code, 'Scripted.'), 'request-1');
  response.writeHead(problem.status, { 'content-type': PROBLEM_MEDIA_TYPE });
  response.end(JSON.stringify(problem));
}
