import { type ErrorCode, TillcastError } from '@tillcast/protocol/errors';
import {
  type CircuitBreakerPolicy,
  CircuitState,
  ConsecutiveBreaker,
  circuitBreaker,
  ExponentialBackoff,
  handleWhen,
  isBrokenCircuitError,
} from 'cockatiel';
import type { Fetch } from './fetch-over-tls.ts';

/** How a circuit breaker guards a service that is asked over HTTP. */
export interface CircuitOptions {
  /** Begins the sentence that tells of it. */
  readonly what: string;
  /** Of the error that stands for an answer while nothing is asked. */
  readonly code: ErrorCode;
  /** Between the failure that opens the circuit and a probe, at most; the first waits are shorter, all with jitter. */
  readonly openMaxMs: number;
  /** Whether others wait for a probe's outcome: where not, one that hangs keeps nobody else from asking. */
  readonly probesAlone: boolean;
  /** Milliseconds that are never set back; left out: the machine's. */
  readonly nowMs?: () => number;
}

/** So many failures in a row open the circuit. */
export const FAILURES_TO_OPEN = 5;
const OPEN_FIRST_MS = 500;

/**
 * A fetch that stops asking a service that has failed a few times in a row, and then lets single requests probe it:
 * who is down is not kept down by those who wait. No answer, and an answer of 5xx, are failures; what the asker
 * itself called off is none.
 */
export function circuitFetch(fetch: Fetch, options: CircuitOptions): Fetch {
  const circuit = new Circuit(options);
  return (url, init) => circuit.through(() => fetch(url, init));
}

class Circuit {
  readonly #options: CircuitOptions;
  readonly #nowMs: () => number;
  #policy: CircuitBreakerPolicy;
  #openedAtMs = -Infinity;

  constructor(options: CircuitOptions) {
    this.#options = options;
    this.#nowMs = options.nowMs ?? ((): number => performance.now());
    this.#policy = this.#closed();
  }

  async through(ask: () => Promise<Response>): Promise<Response> {
    const { probesAlone, openMaxMs } = this.#options;
    if (this.#policy.state === CircuitState.HalfOpen) {
      if (!probesAlone) return ask();
      throw this.#refusal();
    }
    try {
      return await this.#policy.execute(ask);
    } catch (error) {
      if (!isBrokenCircuitError(error)) throw error;
      if (this.#nowMs() - this.#openedAtMs <= openMaxMs) throw this.#refusal(error);
      // The library goes by the wall clock: one that was set back would keep the circuit open for as long.
      this.#policy = this.#closed();
      return this.#policy.execute(ask);
    }
  }

  #closed(): CircuitBreakerPolicy {
    const { openMaxMs } = this.#options;
    const policy = circuitBreaker(handleWhen(isFailure).orWhenResult(isFailedAnswer), {
      breaker: new ConsecutiveBreaker(FAILURES_TO_OPEN),
      halfOpenAfter: new ExponentialBackoff({ initialDelay: OPEN_FIRST_MS, maxDelay: openMaxMs }),
    });
    policy.onBreak(() => {
      this.#openedAtMs = this.#nowMs();
    });
    return policy;
  }

  #refusal(cause?: unknown): TillcastError {
    const { what, code, openMaxMs } = this.#options;
    const message = `${what} failed ${FAILURES_TO_OPEN} times in a row and was not asked: it is tried again within ${Math.ceil(openMaxMs / 1_000)} s.`;
    return new TillcastError(code, message, { cause });
  }
}

/** Not what the asker called off; giving up on a service that does not answer (a reason of ours) is a failure. */
function isFailure(error: unknown): boolean {
  if (!(error instanceof Error) || error.name !== 'AbortError') return true;
  return error.cause instanceof TillcastError;
}

function isFailedAnswer(answer: unknown): boolean {
  return answer instanceof Response && answer.status >= 500;
}
