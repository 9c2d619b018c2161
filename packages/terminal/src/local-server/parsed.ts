import { TillcastError } from '@tillcast/protocol/errors';
import { detailsOf } from '@tillcast/protocol/validation';
import type { z } from 'zod';

/** What a request brings, checked. @throws TillcastError `request_invalid`, which names what is wrong */
export function parsed<T>(schema: z.ZodType<T, unknown>, input: unknown): T {
  const result = schema.safeParse(input);
  if (result.success) return result.data;
  const details = detailsOf(result.error);
  const [first] = details;
  const where = first === undefined ? '' : ` ${first.pointer} ${first.detail}.`;
  throw new TillcastError('request_invalid', `The till did not understand that:${where}`, {
    details,
    cause: result.error,
  });
}
