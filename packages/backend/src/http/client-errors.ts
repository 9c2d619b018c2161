import { STATUS_CODES } from 'node:http';
import type { Socket } from 'node:net';
import { type ErrorCode, TillcastError } from '@tillcast/protocol/errors';
import { PROBLEM_MEDIA_TYPE, problemOf } from '@tillcast/protocol/http/problem';
import { uuidv7 } from 'uuidv7';

/** Answers what never became a request: bytes that are not HTTP, headers too large, or a body that never came. */
export function answerClientError(error: Error & { code?: string }, socket: Socket): void {
  if (error.code === 'ECONNRESET' || !socket.writable) {
    socket.destroy();
    return;
  }
  const refusal = refusalOf(error.code);
  const id = uuidv7();
  const body = JSON.stringify(problemOf(refusal, id));
  const head = [
    `HTTP/1.1 ${refusal.status} ${STATUS_CODES[refusal.status] ?? ''}`,
    `Content-Type: ${PROBLEM_MEDIA_TYPE}; charset=utf-8`,
    `Content-Length: ${Buffer.byteLength(body)}`,
    `X-Request-Id: ${id}`,
    'Connection: close',
  ];
  socket.end(`${head.join('\r\n')}\r\n\r\n${body}`);
}

function refusalOf(reason: string | undefined): TillcastError {
  const [code, message] = REFUSALS[reason ?? ''] ?? (['request_invalid', 'This is not valid HTTP.'] as const);
  return new TillcastError(code, message);
}

const REFUSALS: Readonly<Record<string, readonly [ErrorCode, string]>> = {
  ERR_HTTP_REQUEST_TIMEOUT: ['request_timeout', 'The request did not arrive completely in time.'],
  HPE_HEADER_OVERFLOW: ['request_too_large', 'The headers are larger than 16 KiB, or more than 100.'],
};
