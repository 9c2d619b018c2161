import { gunzipSync, gzipSync } from 'node:zlib';
import { TillcastError } from '@tillcast/protocol/errors';
import { textOf } from './amqp-error.ts';

/** Bodies above this are compressed: below, gzip's own 20 bytes and the time are not worth it. */
export const GZIP_THRESHOLD_BYTES = 1_024;

/** No body is inflated beyond this. */
export const MAX_CONTENT_BYTES: number = 4 * 1_024 * 1_024;

/** A body as it goes on the wire, and AMQP's `content_encoding` for it. */
export interface EncodedContent {
  readonly body: Uint8Array;
  readonly contentEncoding?: 'gzip';
}

/** Compresses a body above the threshold, unless it would not get smaller. Level 1: 10 kB of JSON shrinks 5–6 times already. */
export function encodeContent(
  body: Uint8Array,
  thresholdBytes: number = GZIP_THRESHOLD_BYTES,
): EncodedContent {
  if (body.byteLength <= thresholdBytes) return { body };
  const compressed = gzipSync(body, { level: 1 });
  return compressed.byteLength < body.byteLength ? { body: compressed, contentEncoding: 'gzip' } : { body };
}

/**
 * A received body, inflated where it is compressed.
 *
 * @throws `message_too_large` when it is, or would become, larger than `maxBytes`; `message_invalid` when
 *   it is no gzip or the encoding is unknown
 */
export function decodeContent(
  body: Uint8Array,
  contentEncoding: string | null | undefined,
  maxBytes: number = MAX_CONTENT_BYTES,
): Uint8Array {
  if (
    contentEncoding === undefined ||
    contentEncoding === null ||
    contentEncoding === '' ||
    contentEncoding === 'identity'
  ) {
    if (body.byteLength > maxBytes) throw tooLarge(maxBytes);
    return body;
  }
  if (contentEncoding !== 'gzip') {
    throw new TillcastError(
      'message_invalid',
      `A message's content_encoding is ${JSON.stringify(contentEncoding)}; only gzip is known.`,
    );
  }
  try {
    return gunzipSync(body, { maxOutputLength: maxBytes });
  } catch (error) {
    if (error instanceof RangeError) throw tooLarge(maxBytes, error);
    throw new TillcastError(
      'message_invalid',
      `A message's body is not the gzip it says it is: ${textOf(error)}`,
      { cause: error },
    );
  }
}

function tooLarge(maxBytes: number, cause?: unknown): TillcastError {
  return new TillcastError(
    'message_too_large',
    `A message's body is larger than ${maxBytes} bytes; it was dropped.`,
    { cause },
  );
}
