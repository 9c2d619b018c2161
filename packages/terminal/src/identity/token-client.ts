import type { Fetch, Logger } from '@tillcast/broker';
import { TillcastError } from '@tillcast/protocol/errors';
import {
  ASSERTION_TYPE,
  IDENTITY_PATHS,
  type TokenAnswer,
  tokenAnswerSchema,
} from '@tillcast/protocol/http/identity-api';
import type { SALES_SCOPE } from '@tillcast/protocol/identity/scopes';
import { type Ladder, retryDelayMs } from '@tillcast/protocol/replica/ladder';
import type { TillClock } from '../replica/till-clock.ts';
import { ask, errorOfRefusal, type HttpAnswer } from '../sync-client/ask.ts';
import { signAssertion } from './assertion.ts';
import { CorrectedClock } from './corrected-clock.ts';
import { isRefusal } from './refusals.ts';
import type { TillKey } from './till-key.ts';

/** A token as long as it is good. It is kept in memory alone, and never logged. */
export interface AccessToken {
  readonly text: string;
  /** Separated by spaces. */
  readonly scope: string;
  /** By the monotonic clock: setting the wall clock neither ends nor prolongs it. */
  readonly endsAtMs: number;
  readonly lifetimeMs: number;
}

export interface TokenClientOptions {
  readonly backendUrl: string;
  readonly fetch: Fetch;
  readonly terminalId: string;
  readonly issuer: string;
  readonly key: TillKey;
  readonly clock: TillClock;
  /** Milliseconds that only grow. */
  readonly monotonicMs: () => number;
  /** In [0, 1). */
  readonly random: () => number;
  readonly logger: Logger;
  /** Left out: a token for everything that the till may do. */
  readonly scope?: typeof SALES_SCOPE;
  /** A new token, and what came with it. */
  readonly onToken: (token: AccessToken, answer: TokenAnswer) => void;
  /** The server refuses this till; told once, until a token comes again. */
  readonly onRefused: (refusal: TillcastError) => void;
}

const PATIENCE = { silenceMs: 10_000, totalMs: 10_000 };
const ANSWER_MAX_BYTES = 64 * 1_024;

/** A share of the token's life, spread so that tills that started together do not renew together. */
const RENEW_AT = { from: 0.65, to: 0.75 };
const RETRY: Ladder = { baseMs: 500, capMs: 30_000 };
/** Whoever asks meanwhile gets the last answer, however many ask. */
const DISTANCE: Ladder = { baseMs: 250, capMs: 4_000 };
const REFUSED_RETRY_MS = { min: 30_000, max: 60_000 };
const REFUSED_DISTANCE_MS = 8_000;
/** A server that asks for a longer wait than this is asked all the same. */
const RETRY_AFTER_MAX_MS = 120_000;
/** A token is not given out so shortly before its end: it would end on the way. */
const MARGIN_MS = 500;

/** Gets a till its access tokens, and a new one in good time before the last one ends. */
export class TokenClient {
  readonly #options: TokenClientOptions;
  readonly #time: CorrectedClock;
  readonly #stopping = new AbortController();
  #token: AccessToken | null = null;
  #asking: Promise<AccessToken> | null = null;
  #failure: { readonly error: TillcastError; readonly notBeforeMs: number } | null = null;
  #failures = 0;
  #callOff: () => void = () => undefined;

  constructor(options: TokenClientOptions) {
    this.#options = options;
    this.#time = new CorrectedClock(() => options.clock.nowMs());
  }

  /** The token as far as it is there and good. */
  get token(): AccessToken | null {
    const token = this.#token;
    return token !== null && this.#options.monotonicMs() < token.endsAtMs - MARGIN_MS ? token : null;
  }

  /** Gets the first token and renews it from then on. */
  start(): void {
    this.#renewAfter(0);
  }

  /** Nothing is asked any more; whoever waits is told so. */
  async stop(): Promise<void> {
    this.#stopping.abort(new TillcastError('backend_unavailable', 'The till is being closed.'));
    this.#callOff();
    // Whoever asked has its rejection.
    await this.#asking?.catch(() => undefined);
  }

  /** The token that is good, else a new one. @throws TillcastError a refusal, or why there is none now */
  async current(): Promise<AccessToken> {
    return this.token ?? (await this.fresh());
  }

  /**
   * A new token, though the last one may be good. All who ask at once get the same; who asks too soon after a
   * failure gets that.
   * @throws TillcastError a refusal, or why there is none now
   */
  fresh(): Promise<AccessToken> {
    const failed = this.#failure;
    if (this.#asking === null && failed !== null && this.#options.monotonicMs() < failed.notBeforeMs) {
      return Promise.reject(failed.error);
    }
    this.#asking ??= this.#get().finally(() => {
      this.#asking = null;
    });
    return this.#asking;
  }

  /** The server does not take this token any more. */
  discard(text: string): void {
    if (this.#token?.text === text) this.#token = null;
  }

  async #get(): Promise<AccessToken> {
    const { signal } = this.#stopping;
    signal.throwIfAborted();
    let answer = await this.#ask();
    // A clock that is off makes an assertion that is not good yet or no more: the answer tells the right time.
    if (answer.outcome === 'refused' && answer.code === 'assertion_invalid' && answer.clockCorrected) {
      answer = await this.#ask();
    }
    signal.throwIfAborted();
    if (answer.outcome === 'answered') return this.#take(answer.answer);
    const error = answer.outcome === 'failed' ? answer.error : errorOfRefusal(answer);
    this.#failed(error, answer.outcome === 'refused' ? answer.retryAfterMs : null);
    throw error;
  }

  async #ask(): Promise<HttpAnswer<TokenAnswer> & { readonly clockCorrected: boolean }> {
    const { clock, backendUrl, fetch, key, terminalId, issuer, scope } = this.#options;
    const assertion = await signAssertion({ terminalId, issuer, nowMs: this.#time.nowMs() }, key);
    const form = new URLSearchParams({
      grant_type: 'client_credentials',
      client_assertion_type: ASSERTION_TYPE,
      client_assertion: assertion,
      ...(scope === undefined ? {} : { scope }),
    });
    const askedAtMs = clock.nowMs();
    const answer = await ask(
      {
        fetch,
        baseUrl: backendUrl,
        method: 'POST',
        path: IDENTITY_PATHS.token,
        headers: { 'content-type': 'application/x-www-form-urlencoded' },
        body: form.toString(),
        schema: tokenAnswerSchema,
        maxBytes: ANSWER_MAX_BYTES,
        patience: PATIENCE,
      },
      this.#stopping.signal,
    );
    const told = answer.outcome === 'failed' ? null : answer.serverTimeMs;
    const clockCorrected = told !== null && this.#time.told(told, (askedAtMs + clock.nowMs()) / 2);
    return { ...answer, clockCorrected };
  }

  #take(answer: TokenAnswer): AccessToken {
    const { monotonicMs, random, onToken, logger } = this.#options;
    const lifetimeMs = answer.expires_in * 1_000;
    const token = {
      text: answer.access_token,
      scope: answer.scope,
      endsAtMs: monotonicMs() + lifetimeMs,
      lifetimeMs,
    };
    if (this.#failure !== null) logger.info({}, 'The server gives this till a token again');
    this.#token = token;
    this.#failure = null;
    this.#failures = 0;
    this.#renewAfter(lifetimeMs * (RENEW_AT.from + random() * (RENEW_AT.to - RENEW_AT.from)));
    onToken(token, answer);
    return token;
  }

  #failed(error: TillcastError, retryAfterMs: number | null): void {
    const { monotonicMs, random, logger, onRefused } = this.#options;
    const before = this.#failure?.error.code ?? null;
    this.#failures += 1;
    const refused = isRefusal(error.code);
    const askedForMs = Math.min(retryAfterMs ?? 0, RETRY_AFTER_MAX_MS);
    const distanceMs = refused ? REFUSED_DISTANCE_MS : retryDelayMs(DISTANCE, this.#failures, random());
    this.#failure = { error, notBeforeMs: monotonicMs() + Math.max(distanceMs, askedForMs) };
    const { min, max } = REFUSED_RETRY_MS;
    const delayMs = refused ? min + random() * (max - min) : retryDelayMs(RETRY, this.#failures, random());
    this.#renewAfter(Math.max(delayMs, askedForMs));
    logger[before === error.code ? 'debug' : 'warn'](
      { code: error.code, attempt: this.#failures },
      `No access token: ${error.message}`,
    );
    if (!refused) return;
    this.#token = null;
    if (!isRefusal(before)) onRefused(error);
  }

  #renewAfter(delayMs: number): void {
    this.#callOff();
    // One for a purpose is got when somebody asks for it.
    if (this.#options.scope !== undefined || this.#stopping.signal.aborted) return;
    this.#callOff = this.#options.clock.after(delayMs, () => {
      // What came of it is logged, and the next try is due, when this rejects.
      this.fresh().catch(() => undefined);
    });
  }
}
