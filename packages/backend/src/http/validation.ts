import { type ErrorDetail, TillcastError } from '@tillcast/protocol/errors';
import { detailsOf } from '@tillcast/protocol/validation';
import type { FastifySchemaCompiler } from 'fastify';
import type { z } from 'zod';

/** The part of a request that a pointer starts from. The body's pointers are RFC 6901's own: from its root. */
const PREFIXES: Readonly<Record<string, string>> = {
  querystring: '/query',
  params: '/path',
  headers: '/header',
};

const NAMES: Readonly<Record<string, string>> = {
  body: 'body',
  querystring: 'query',
  params: 'path',
  headers: 'headers',
};

/** Checks a part of a request by its zod schema; what is wrong becomes a TillcastError with pointers. */
export const validateByZod: FastifySchemaCompiler<z.ZodType> = ({ schema, httpPart = 'body' }) => {
  const prefix = PREFIXES[httpPart] ?? '';
  return (data: unknown) => {
    const parsed = schema.safeParse(data);
    if (parsed.success) return { value: parsed.data };
    const details = detailsOf(parsed.error).map(({ pointer, detail }) => ({
      pointer: `${prefix}${pointer}`,
      detail,
    }));
    return { error: invalid(NAMES[httpPart] ?? httpPart, details, parsed.error) };
  };
};

const LICENSE_KEY_POINTERS: ReadonlySet<string> = new Set(['/path/key', '/key', '/license_key']);

function invalid(part: string, details: readonly ErrorDetail[], cause: unknown): TillcastError {
  const [first] = details;
  const where =
    first === undefined ? '' : ` ${first.pointer === '' ? '' : `${first.pointer}: `}${first.detail}`;
  // A license key that is not one has a code of its own, wherever it enters.
  if (first !== undefined && LICENSE_KEY_POINTERS.has(first.pointer)) {
    return new TillcastError('license_key_malformed', `The license key ${first.detail}.`, { details, cause });
  }
  return new TillcastError('request_invalid', `The ${part} of the request is not valid:${where}.`, {
    details,
    cause,
  });
}
