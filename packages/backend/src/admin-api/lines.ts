import { TillcastError } from '@tillcast/protocol/errors';

/** One line of a stream: its number from 1, and its bytes without the line's end; null where it is too long. */
export interface Line {
  readonly number: number;
  readonly bytes: Buffer | null;
}

export interface LineBounds {
  readonly maxLineBytes: number;
  readonly maxBytes: number;
}

const NEWLINE = 0x0a;
const RETURN = 0x0d;

/**
 * A stream's lines, without holding more than one: ends are LF or CRLF, the last one may be missing, blank
 * lines are passed over. A line beyond its bound is passed over too, as it comes, and given as null.
 * @throws TillcastError `request_too_large` where the whole is beyond its bound
 */
export async function* linesOf(source: AsyncIterable<Uint8Array>, bounds: LineBounds): AsyncGenerator<Line> {
  let number = 1;
  let total = 0;
  let parts: Buffer[] = [];
  let length = 0;

  const take = (part: Buffer): void => {
    length += part.length;
    if (length <= bounds.maxLineBytes) parts.push(part);
    else parts = [];
  };
  const end = (): Line => {
    const line = { number, bytes: length > bounds.maxLineBytes ? null : trimmed(Buffer.concat(parts)) };
    number += 1;
    parts = [];
    length = 0;
    return line;
  };

  for await (const bytes of source) {
    total += bytes.length;
    if (total > bounds.maxBytes) {
      throw new TillcastError(
        'request_too_large',
        `The import is larger than ${bounds.maxBytes} bytes: send it in parts. Nothing was changed.`,
      );
    }
    const chunk = Buffer.from(bytes.buffer, bytes.byteOffset, bytes.byteLength);
    let start = 0;
    for (let at = chunk.indexOf(NEWLINE); at !== -1; at = chunk.indexOf(NEWLINE, start)) {
      take(chunk.subarray(start, at));
      start = at + 1;
      const line = end();
      if (!isBlank(line)) yield line;
    }
    if (start < chunk.length) take(chunk.subarray(start));
  }
  if (length > 0) {
    const line = end();
    if (!isBlank(line)) yield line;
  }
}

function trimmed(line: Buffer): Buffer {
  return line.at(-1) === RETURN ? line.subarray(0, -1) : line;
}

function isBlank({ bytes }: Line): boolean {
  return bytes !== null && /^[ \t]*$/.test(bytes.toString('latin1'));
}
