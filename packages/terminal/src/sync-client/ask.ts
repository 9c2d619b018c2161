import { certificateFault, type Fetch } from '@tillcast/broker';
import { asTillcastError, type ErrorCode, isErrorCode, TillcastError } from '@tillcast/protocol/errors';
import { type Problem, problemSchema } from '@tillcast/protocol/http/problem';
import type { z } from 'zod';
import type { TillClock } from '../replica/till-clock.ts';
import { readJson } from './answer-body.ts';
import { type Patience, PatienceSignal } from './patience.ts';

/** One request to the backend. */
export interface HttpQuestion<T> {
  readonly fetch: Fetch;
  /** Without a slash at its end. */
  readonly baseUrl: string;
  readonly method: 'GET' | 'POST';
  /** Path and query. */
  readonly path: string;
  readonly headers: Readonly<Record<string, string>>;
  readonly body: string | null;
  readonly schema: z.ZodType<T, unknown>;
  readonly maxBytes: number;
  readonly patience: Patience;
  /** Told with each piece of the answer how much of it is here. */
  readonly onProgress?: (bytes: number) => void;
  /** Whose timers say when patience ends; left out: the machine's. */
  readonly after?: TillClock['after'];
}

/** What came back. */
export type HttpAnswer<T> =
  | { readonly outcome: 'answered'; readonly answer: T; readonly serverTimeMs: number | null }
  /** A status outside 200–299. */
  | HttpRefusal
  /** No answer, or none that can be used. */
  | { readonly outcome: 'failed'; readonly error: TillcastError };

export interface HttpRefusal {
  readonly outcome: 'refused';
  readonly status: number;
  /** Null where it is none of our catalog, as proxies' are not. */
  readonly code: ErrorCode | null;
  /** The server's words; empty where it had none. */
  readonly detail: string;
  /** By the answer's `Date`, exact to the second. */
  readonly serverTimeMs: number | null;
  /** The wait that the server asks for. */
  readonly retryAfterMs: number | null;
}

const PROBLEM_MAX_BYTES = 64 * 1_024;

/** Asks once; never rejects. */
export async function ask<T>(question: HttpQuestion<T>, signal: AbortSignal): Promise<HttpAnswer<T>> {
  using patience = new PatienceSignal(question.patience, signal, question.after);
  try {
    const response = await question.fetch(`${question.baseUrl}${question.path}`, {
      method: question.method,
      headers: {
        accept: 'application/json, application/problem+json',
        'accept-encoding': 'zstd, br, gzip',
        ...question.headers,
      },
      ...(question.body === null ? {} : { body: question.body }),
      // What authenticates us is not for another address.
      redirect: 'error',
      signal: patience.signal,
    });
    const progress = (bytes: number): void => {
      patience.progress();
      question.onProgress?.(bytes);
    };
    const serverTimeMs = dateOf(response);
    if (!response.ok) {
      const problem = await problemOf(response, progress);
      return {
        outcome: 'refused',
        status: response.status,
        code: isErrorCode(problem?.code) ? problem.code : null,
        detail: problem?.detail ?? '',
        serverTimeMs,
        retryAfterMs: retryAfterOf(response),
      };
    }
    const json = await readJson(response, question.maxBytes, progress);
    const parsed = question.schema.safeParse(json);
    if (parsed.success) return { outcome: 'answered', answer: parsed.data, serverTimeMs };
    const [path] = question.path.split('?');
    const message = `The backend's answer to ${path ?? ''} is not what its API promises.`;
    return {
      outcome: 'failed',
      error: new TillcastError('answer_invalid', message, { cause: parsed.error }),
    };
  } catch (error) {
    return { outcome: 'failed', error: failureOf(error, question.baseUrl, patience.signal) };
  }
}

/** What the server said, as an error to be raised or logged. */
export function errorOfRefusal({ status, code, detail }: HttpRefusal): TillcastError {
  if (code !== null) return new TillcastError(code, detail);
  const said = detail === '' ? '' : ` ${detail}`;
  return new TillcastError('backend_unavailable', `The backend answered with status ${status}.${said}`);
}

/** Null where something else than a problem was answered, as proxies do. */
async function problemOf(response: Response, progress: (bytes: number) => void): Promise<Problem | null> {
  if (!(response.headers.get('content-type') ?? '').includes('json')) {
    await response.body?.cancel();
    return null;
  }
  const parsed = problemSchema.safeParse(await readJson(response, PROBLEM_MAX_BYTES, progress));
  return parsed.success ? parsed.data : null;
}

function dateOf(response: Response): number | null {
  const time = Date.parse(response.headers.get('date') ?? '');
  return Number.isNaN(time) ? null : time;
}

function retryAfterOf(response: Response): number | null {
  const text = response.headers.get('retry-after') ?? '';
  return /^\d{1,6}$/.test(text) ? Number(text) * 1_000 : null;
}

function failureOf(error: unknown, baseUrl: string, signal: AbortSignal): TillcastError {
  if (error instanceof TillcastError) return error;
  if (signal.aborted && signal.reason instanceof TillcastError) return signal.reason;
  // fetch says only "fetch failed"; its cause says why.
  const cause = error instanceof Error && error.cause instanceof Error ? error.cause : error;
  const why = certificateFault(error, 'SYNC_API_CA_FILE') ?? asTillcastError(cause).message;
  return new TillcastError('backend_unavailable', `The backend at ${baseUrl} cannot be reached: ${why}`, {
    cause: error,
  });
}
