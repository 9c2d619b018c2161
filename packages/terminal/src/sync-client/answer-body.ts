import { TillcastError } from '@tillcast/protocol/errors';

/**
 * An answer's body as JSON, read no further than `maxBytes` (counted after decompression, so that a small
 * body that inflates to a huge one is refused too).
 * @param onProgress called with each piece that arrives, and how much that makes
 * @throws TillcastError `answer_invalid` where it is larger, or is no JSON
 */
export async function readJson(
  response: Response,
  maxBytes: number,
  onProgress: (bytes: number) => void,
): Promise<unknown> {
  const pieces: Uint8Array[] = [];
  let size = 0;
  const body: AsyncIterable<Uint8Array> | null = response.body;
  for await (const piece of body ?? []) {
    size += piece.byteLength;
    onProgress(size);
    if (size > maxBytes) {
      throw new TillcastError('answer_invalid', `The backend's answer is larger than ${maxBytes} bytes.`);
    }
    pieces.push(piece);
  }
  try {
    const json: unknown = JSON.parse(new TextDecoder('utf-8', { fatal: true }).decode(Buffer.concat(pieces)));
    return json;
  } catch (cause) {
    throw new TillcastError('answer_invalid', "The backend's answer is not JSON.", { cause });
  }
}
