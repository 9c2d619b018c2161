import { createServer, type Server } from 'node:http';
import { text } from 'node:stream/consumers';
import { type ErrorCode, TillcastError } from '@tillcast/protocol/errors';
import { type ActivationRequest, activationRequestSchema } from '@tillcast/protocol/http/identity-api';
import { PROBLEM_MEDIA_TYPE, problemOf } from '@tillcast/protocol/http/problem';

/** An activation endpoint that gives one key one terminal, and may lose its answers. */
export class ScriptedActivation implements AsyncDisposable {
  readonly requests: ActivationRequest[] = [];
  /** The URLs that were asked for. */
  readonly urls: string[] = [];
  /** Hangs up instead of answering, after it has done what was asked. */
  losesAnswers = false;
  refuseWith: ErrorCode | null = null;
  readonly #terminals = new Map<string, string>();
  readonly #server: Server;

  private constructor() {
    this.#server = createServer((request, response) => {
      const answer = async (): Promise<void> => {
        this.urls.push(request.url ?? '');
        const asked = activationRequestSchema.parse(JSON.parse(await text(request)));
        this.requests.push(asked);
        if (this.refuseWith !== null) {
          const problem = problemOf(new TillcastError(this.refuseWith, 'Scripted.'), 'request-1');
          response.writeHead(problem.status, { 'content-type': PROBLEM_MEDIA_TYPE });
          response.end(JSON.stringify(problem));
          return;
        }
        const id = this.#terminals.get(asked.public_key.x) ?? crypto.randomUUID();
        this.#terminals.set(asked.public_key.x, id);
        if (this.losesAnswers) {
          request.socket.destroy();
          return;
        }
        response.writeHead(201, { 'content-type': 'application/json' });
        const { license_key, name } = asked;
        const rest = { issuer: 'https://tills.example.com', message_keys: [], broker: { urls: [] } };
        response.end(JSON.stringify({ terminal_id: id, license_key, name, ...rest }));
      };
      answer().catch((error: unknown) => response.destroy(error instanceof Error ? error : undefined));
    });
  }

  static async start(): Promise<ScriptedActivation> {
    const activation = new ScriptedActivation();
    await new Promise<void>((resolve, reject) => {
      activation.#server.once('error', reject);
      activation.#server.listen(0, '127.0.0.1', resolve);
    });
    return activation;
  }

  get url(): string {
    const address = this.#server.address();
    if (address === null || typeof address === 'string') throw new Error('It does not listen.');
    return `http://127.0.0.1:${address.port}`;
  }

  /** How many terminals it gave. */
  get terminals(): number {
    return this.#terminals.size;
  }

  async [Symbol.asyncDispose](): Promise<void> {
    const closed = new Promise((resolve) => this.#server.close(resolve));
    this.#server.closeAllConnections();
    await closed;
  }
}
