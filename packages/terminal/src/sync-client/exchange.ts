import type { Fetch } from '@tillcast/broker';
import { asTillcastError, type ErrorCode, TillcastError } from '@tillcast/protocol/errors';
import type { LicenseKey } from '@tillcast/protocol/license-key';
import type { z } from 'zod';
import { isRefusal } from '../identity/refusals.ts';
import type { ApiCredentials } from '../identity/till-credentials.ts';
import type { TillClock } from '../replica/till-clock.ts';
import { ask, errorOfRefusal, type HttpAnswer } from './ask.ts';
import type { Patience } from './patience.ts';

/** Where the backend is and who asks. */
export interface SyncPeer {
  /** Without a slash at its end. */
  readonly baseUrl: string;
  readonly licenseKey: LicenseKey;
  readonly credentials: ApiCredentials;
  readonly fetch: Fetch;
  /** Left out: the machine's. */
  readonly after?: TillClock['after'];
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
  /** Told with each piece of the answer how much of it is here. */
  readonly onProgress?: (bytes: number) => void;
}

/** What came of a question. */
export type Exchanged<T> =
  | { readonly outcome: 'answered'; readonly answer: T }
  /** The history that was asked for cannot be continued. */
  | { readonly outcome: 'historyGone' }
  /** The server will not serve this till. */
  | { readonly outcome: 'refused'; readonly code: ErrorCode }
  /** No answer, or none that can be used. */
  | { readonly outcome: 'failed'; readonly error: TillcastError };

/** Asks the sync API one question; never rejects. A token that the server no longer takes is renewed once. */
export async function exchange<T>(
  peer: SyncPeer,
  question: Question<T>,
  signal: AbortSignal,
): Promise<Exchanged<T>> {
  try {
    const headers = await peer.credentials.headers(signal);
    const answer = await askWith(headers, peer, question, signal);
    if (answer.outcome !== 'refused' || !peer.credentials.isOutdated(answer.code, headers)) {
      return exchangedOf(answer);
    }
    return exchangedOf(await askWith(await peer.credentials.headers(signal), peer, question, signal));
  } catch (error) {
    const failure = asTillcastError(error);
    if (isRefusal(failure.code)) return { outcome: 'refused', code: failure.code };
    return { outcome: 'failed', error: failure };
  }
}

function askWith<T>(
  headers: Readonly<Record<string, string>>,
  { baseUrl, fetch, after }: SyncPeer,
  { method, path, body, schema, maxBytes, patience, onProgress }: Question<T>,
  signal: AbortSignal,
): Promise<HttpAnswer<T>> {
  const content: Record<string, string> = body === undefined ? {} : { 'content-type': 'application/json' };
  return ask(
    {
      fetch,
      baseUrl,
      method,
      path,
      headers: { ...headers, ...content },
      body: body === undefined ? null : JSON.stringify(body),
      schema,
      maxBytes,
      patience,
      ...(onProgress === undefined ? {} : { onProgress }),
      ...(after === undefined ? {} : { after }),
    },
    signal,
  );
}

const ABOUT_THE_QUESTION: readonly number[] = [400, 404, 405, 409];

function exchangedOf<T>(answer: HttpAnswer<T>): Exchanged<T> {
  if (answer.outcome === 'answered') return { outcome: 'answered', answer: answer.answer };
  if (answer.outcome === 'failed') return answer;
  const { status, code, detail } = answer;
  if (status === 410) return { outcome: 'historyGone' };
  if ((status === 401 || status === 403) && isRefusal(code)) return { outcome: 'refused', code };
  const { message } = errorOfRefusal({ ...answer, code: null, detail });
  // What the server says of the question itself, whoever asked it may want to know.
  const known = code !== null && ABOUT_THE_QUESTION.includes(status) ? code : 'backend_unavailable';
  return { outcome: 'failed', error: new TillcastError(known, message) };
}
