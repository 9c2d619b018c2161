import { createPublicKey, type KeyObject } from 'node:crypto';
import { createServer, type Server } from 'node:http';
import { text } from 'node:stream/consumers';
import { type ErrorCode, TillcastError } from '@tillcast/protocol/errors';
import { IDENTITY_PATHS, type TokenAnswer } from '@tillcast/protocol/http/identity-api';
import { PROBLEM_MEDIA_TYPE, problemOf } from '@tillcast/protocol/http/problem';
import { jwtVerify } from 'jose';

export const ISSUER = 'https://tills.example.com';

/** A token endpoint that checks assertions as the backend does, and else does what it is told. */
export class ScriptedTokenEndpoint implements AsyncDisposable {
  /** How far its clock is from this machine's. */
  clockMs = 0;
  lifetimeS = 600;
  /** Refuses with this; null: gives tokens. */
  refuseWith: ErrorCode | null = null;
  retryAfterS: number | null = null;
  /** Asked how often. */
  asked = 0;
  /** The tokens that it gave, in order. */
  readonly given: string[] = [];
  /** Waits for this before it answers. */
  gate: Promise<void> = Promise.resolve();
  readonly #key: KeyObject;
  readonly #used = new Set<string>();
  readonly #server: Server;

  private constructor(key: KeyObject) {
    this.#key = key;
    this.#server = createServer((request, response) => {
      const answer = async (): Promise<void> => {
        const form = new URLSearchParams(await text(request));
        this.asked += 1;
        await this.gate;
        response.setHeader('date', new Date(Date.now() + this.clockMs).toUTCString());
        const code = request.url === IDENTITY_PATHS.token ? await this.#judge(form) : 'not_found';
        if (code === null) {
          response.setHeader('content-type', 'application/json');
          response.end(JSON.stringify(this.#give()));
          return;
        }
        const problem = problemOf(new TillcastError(code, 'Scripted.'), 'request-1');
        if (this.retryAfterS !== null) response.setHeader('retry-after', String(this.retryAfterS));
        response.writeHead(problem.status, { 'content-type': PROBLEM_MEDIA_TYPE });
        response.end(JSON.stringify(problem));
      };
      answer().catch((error: unknown) => response.destroy(error instanceof Error ? error : undefined));
    });
  }

  /** @param privateKey the key of the terminal whose assertions are good */
  static async start(privateKey: KeyObject): Promise<ScriptedTokenEndpoint> {
    const endpoint = new ScriptedTokenEndpoint(createPublicKey(privateKey));
    await new Promise<void>((resolve, reject) => {
      endpoint.#server.once('error', reject);
      endpoint.#server.listen(0, '127.0.0.1', resolve);
    });
    return endpoint;
  }

  get url(): string {
    const address = this.#server.address();
    if (address === null || typeof address === 'string') throw new Error('It does not listen.');
    return `http://127.0.0.1:${address.port}`;
  }

  async [Symbol.asyncDispose](): Promise<void> {
    const closed = new Promise((resolve) => this.#server.close(resolve));
    this.#server.closeAllConnections();
    await closed;
  }

  async #judge(form: URLSearchParams): Promise<ErrorCode | null> {
    if (this.refuseWith !== null) return this.refuseWith;
    try {
      const { payload } = await jwtVerify(form.get('client_assertion') ?? '', this.#key, {
        algorithms: ['ES256'],
        audience: ISSUER,
        clockTolerance: 30,
        currentDate: new Date(Date.now() + this.clockMs),
        requiredClaims: ['iss', 'sub', 'jti', 'iat', 'exp'],
        maxTokenAge: 60,
      });
      const { jti, iss, sub, iat, exp } = payload;
      if (jti === undefined || iss !== sub || this.#used.has(jti)) return 'assertion_invalid';
      this.#used.add(jti);
      return (exp ?? 0) - (iat ?? 0) <= 60 ? null : 'assertion_invalid';
    } catch {
      return 'assertion_invalid';
    }
  }

  #give(): TokenAnswer {
    const token = `token-${this.given.length + 1}`;
    this.given.push(token);
    return {
      access_token: token,
      token_type: 'Bearer',
      expires_in: this.lifetimeS,
      scope: 'read:a read:b',
      message_keys: [],
      broker: { urls: ['amqp://127.0.0.1:5672/%2F'] },
    };
  }
}
