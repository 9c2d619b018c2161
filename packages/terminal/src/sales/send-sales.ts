import { createHash } from 'node:crypto';
import type { Fetch } from '@tillcast/broker';
import { asTillcastError } from '@tillcast/protocol/errors';
import { SALES_PATH, type SalesAnswer, salesAnswerSchema } from '@tillcast/protocol/http/sales-api';
import type { ApiCredentials } from '../identity/till-credentials.ts';
import type { TillClock } from '../replica/till-clock.ts';
import { ask, type HttpAnswer } from '../sync-client/ask.ts';
import type { Sent } from './outbox-plan.ts';

/** Where sales go, and who sends them. */
export interface SalesPeer {
  /** Without a slash at its end. */
  readonly baseUrl: string;
  readonly credentials: ApiCredentials;
  readonly fetch: Fetch;
  /** Whose timers say when patience ends; left out: the machine's. */
  readonly after?: TillClock['after'];
}

/** What came of a batch, and why where nothing did. */
export interface SendOutcome {
  readonly sent: Sent;
  readonly why: string | null;
}

/** A hundred long sales may take a slow line a while. */
const PATIENCE = { silenceMs: 20_000, totalMs: 60_000 };
const ANSWER_MAX_BYTES = 1_024 * 1_024;

/** Says of the request itself that it is no good, whoever sends it and whenever. */
const NOT_UNDERSTOOD: readonly number[] = [400, 413, 422];
/** Says that the server failed over it; other codes above 500 are of proxies, and of a server that is not there. */
const FAILED_OVER: readonly number[] = [500];

/**
 * Sends a batch; never rejects. Sent again, it changes nothing at the server.
 * @param texts the sales as JSON
 */
export async function sendSales(
  peer: SalesPeer,
  texts: readonly string[],
  signal: AbortSignal,
): Promise<SendOutcome> {
  const body = `{"sales":[${texts.join(',')}]}`;
  const { credentials } = peer;
  try {
    const headers = await credentials.headers(signal);
    const answer = await post(peer, headers, body, signal);
    if (answer.outcome !== 'refused' || !credentials.isOutdated(answer.code, headers))
      return outcomeOf(answer);
    return outcomeOf(await post(peer, await credentials.headers(signal), body, signal));
  } catch (error) {
    return { sent: { came: 'nothing', retryAfterMs: null }, why: asTillcastError(error).message };
  }
}

function post(
  { baseUrl, fetch, after }: SalesPeer,
  headers: Readonly<Record<string, string>>,
  body: string,
  signal: AbortSignal,
): Promise<HttpAnswer<SalesAnswer>> {
  return ask(
    {
      fetch,
      baseUrl,
      method: 'POST',
      path: SALES_PATH,
      headers: {
        ...headers,
        'content-type': 'application/json',
        'idempotency-key': createHash('sha256').update(body).digest('base64url'),
      },
      body,
      schema: salesAnswerSchema,
      maxBytes: ANSWER_MAX_BYTES,
      patience: PATIENCE,
      ...(after === undefined ? {} : { after }),
    },
    signal,
  );
}

function outcomeOf(answer: HttpAnswer<SalesAnswer>): SendOutcome {
  if (answer.outcome === 'answered') {
    const { epoch, results } = answer.answer;
    return { sent: { came: 'answer', epoch, results }, why: null };
  }
  if (answer.outcome === 'failed') {
    return { sent: { came: 'nothing', retryAfterMs: null }, why: answer.error.message };
  }
  const { status, code, detail, retryAfterMs } = answer;
  const why = detail === '' ? `The server answered with status ${status}.` : detail;
  // Without a code of ours it was not our server that spoke.
  if (NOT_UNDERSTOOD.includes(status) && code !== null) {
    return { sent: { came: 'notUnderstood', code, detail: why }, why };
  }
  if (FAILED_OVER.includes(status)) return { sent: { came: 'failure', retryAfterMs }, why };
  return { sent: { came: 'nothing', retryAfterMs }, why };
}
