import { TillcastError } from '@tillcast/protocol/errors';
import { parse } from 'secure-json-parse';

/** Deeper nesting than any item or request has. */
const MAX_DEPTH = 32;
/** A thousand operations, the most that a request has, with a hundred values each. A megabyte could hold five times as many. */
const MAX_VALUES = 100_000;

const utf8 = new TextDecoder('utf-8', { fatal: true, ignoreBOM: false });

/**
 * Bytes from outside as JSON.
 * @throws TillcastError `request_invalid`: not UTF-8, not JSON, nested too deeply, of too many values, or with a
 * key (`__proto__`, `constructor.prototype`) that would reach an object's prototype
 */
export function parseJson(bytes: Uint8Array, what: string): unknown {
  const excess = excessOf(bytes);
  if (excess !== null) throw new TillcastError('request_invalid', `${what} ${excess}.`);
  const text = decodeUtf8(bytes, what);
  try {
    const value: unknown = parse(text, undefined, { protoAction: 'error', constructorAction: 'error' });
    return value;
  } catch (error) {
    if (!(error instanceof SyntaxError)) throw error;
    throw new TillcastError('request_invalid', `${what} ${reasonOf(error)}.`, { cause: error });
  }
}

function decodeUtf8(bytes: Uint8Array, what: string): string {
  try {
    return utf8.decode(bytes);
  } catch (error) {
    throw new TillcastError('request_invalid', `${what} is not valid UTF-8.`, { cause: error });
  }
}

function reasonOf(error: SyntaxError): string {
  // The library's own words for a key that reaches a prototype.
  if (error.message.includes('forbidden prototype property')) {
    return 'holds a key that is not allowed: __proto__ or constructor.prototype';
  }
  return `is not valid JSON: ${error.message.replace(/\.$/, '')}`;
}

/**
 * What is too much in the bytes of a text of JSON, without building anything: a parser would have built it all
 * first. Its marks are ASCII, and no byte of another character is one of those.
 */
function excessOf(bytes: Uint8Array): string | null {
  let depth = 0;
  let values = 1;
  let inString = false;
  for (let index = 0; index < bytes.length; index += 1) {
    const code = bytes[index];
    if (inString) {
      if (code === BACKSLASH) index += 1;
      else if (code === QUOTE) inString = false;
    } else if (code === QUOTE) inString = true;
    else if (code === COMMA || code === COLON) {
      values += 1;
      if (values > MAX_VALUES) return `holds more than ${MAX_VALUES} values`;
    } else if (code === OPEN_BRACE || code === OPEN_BRACKET) {
      depth += 1;
      if (depth > MAX_DEPTH) return `is nested more than ${MAX_DEPTH} levels deep`;
    } else if (code === CLOSE_BRACE || code === CLOSE_BRACKET) depth -= 1;
  }
  return null;
}

const QUOTE = 0x22;
const COMMA = 0x2c;
const COLON = 0x3a;
const BACKSLASH = 0x5c;
const OPEN_BRACKET = 0x5b;
const CLOSE_BRACKET = 0x5d;
const OPEN_BRACE = 0x7b;
const CLOSE_BRACE = 0x7d;
