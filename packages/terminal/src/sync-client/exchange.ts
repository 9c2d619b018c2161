import { asTillcastError, type ErrorCode, isErrorCode, TillcastError } from '@tillcast/protocol/errors';
import { type Problem, problemSchema } from '@tillcast/protocol/http/problem';
import { LICENSE_KEY_HEADER, TERMINAL_ID_HEADER } from '@tillcast/protocol/http/sync-api';
import type { LicenseKey } from '@tillcast/protocol/license-key';
import type { z } from 'zod';
import { readJson } from './answer-body.ts';
import { type Patience, PatienceSignal } from './patience.ts';

/** Where the backend is and who asks. */
export interface SyncPeer {
  /** Without a slash at its end. */
  readonly baseUrl: string;
  readonly licenseKey: LicenseKey;
  readonly terminalId: string;
}

/** One question. */
export interface Question<T> {
  readonly method: 'GET' | 'POST';
  /** Path and query. */
  readonly path: string;
  readonly body?: unknown;
  readonly schema: z.ZodType<T, unknown>;
  readonly maxBytes: number;
  readonly patience: Patience;
}

/** What came of a question. */
export type Exchanged<T> =
  | { readonly outcome: 'answered'; readonly answer: T }
  /** The history that was asked for cannot be continued. */
  | { readonly outcome: 'historyGone' }
  /** The server will not serve this license. */
  | { readonly outcome: 'refused'; readonly code: ErrorCode }
  /** No answer, or none that can be used. */
  | { readonly outcome: 'failed'; readonly error: TillcastError };

const PROBLEM_MAX_BYTES = 64 * 1_024;

/** Asks the sync API one question; never rejects. */
export async function exchange<T>(
  peer: SyncPeer,
  question: Question<T>,
  signal: AbortSignal,
): Promise<Exchanged<T>> {
  using patience = new PatienceSignal(question.patience, signal);
  try {
    const response = await fetch(`${peer.baseUrl}${question.path}`, {
      method: question.method,
      headers: headersOf(peer, question),
      ...(question.body === undefined ? {} : { body: JSON.stringify(question.body) }),
      // The license key is not for another address.
      redirect: 'error',
      signal: patience.signal,
    });
    const progress = (): void => patience.progress();
    if (!response.ok) return await refusal(response, progress);
    const json = await readJson(response, question.maxBytes, progress);
    const parsed = question.schema.safeParse(json);
    if (parsed.success) return { outcome: 'answered', answer: parsed.data };
    const message = `The backend's answer to ${question.path} is not what the sync API promises.`;
    return {
      outcome: 'failed',
      error: new TillcastError('answer_invalid', message, { cause: parsed.error }),
    };
  } catch (error) {
    return { outcome: 'failed', error: failureOf(error, peer, patience.signal) };
  }
}

function headersOf<T>(peer: SyncPeer, question: Question<T>): Record<string, string> {
  return {
    accept: 'application/json, application/problem+json',
    'accept-encoding': 'zstd, br, gzip',
    [LICENSE_KEY_HEADER]: peer.licenseKey,
    [TERMINAL_ID_HEADER]: peer.terminalId,
    ...(question.body === undefined ? {} : { 'content-type': 'application/json' }),
  };
}

/** What an answer outside 200–299 means. */
async function refusal(response: Response, progress: () => void): Promise<Exchanged<never>> {
  const { status } = response;
  const problem = await problemOf(response, progress);
  if (status === 410) return { outcome: 'historyGone' };
  const code = problem?.code;
  if ((status === 401 || status === 403) && isErrorCode(code) && code.startsWith('license_')) {
    return { outcome: 'refused', code };
  }
  const said = problem === null ? '' : ` ${problem.detail}`;
  const message = `The backend answered with status ${status}.${said}`;
  return { outcome: 'failed', error: new TillcastError('backend_unavailable', message) };
}

/** Null where something else than a problem was answered, as proxies do. */
async function problemOf(response: Response, progress: () => void): Promise<Problem | null> {
  if (!(response.headers.get('content-type') ?? '').includes('json')) {
    await response.body?.cancel();
    return null;
  }
  const parsed = problemSchema.safeParse(await readJson(response, PROBLEM_MAX_BYTES, progress));
  return parsed.success ? parsed.data : null;
}

function failureOf(error: unknown, peer: SyncPeer, signal: AbortSignal): TillcastError {
  if (error instanceof TillcastError) return error;
  if (signal.aborted && signal.reason instanceof TillcastError) return signal.reason;
  // fetch says only "fetch failed"; its cause says why.
  const cause = error instanceof Error && error.cause instanceof Error ? error.cause : error;
  const why = asTillcastError(cause).message;
  return new TillcastError(
    'backend_unavailable',
    `The backend at ${peer.baseUrl} cannot be reached: ${why}`,
    {
      cause: error,
    },
  );
}
