import { z } from 'zod';

// No control characters: an id stands in URLs, logs and the digest's encoding; a name on screens and receipts.
const NO_CONTROLS = /^[^\p{Cc}\p{Cs}]*$/u;

/** Identity of an item within its license and kind: 1 to 64 printable characters without spaces at its ends. */
export const itemIdSchema: z.ZodString = z
  .string()
  .min(1)
  .max(64)
  .regex(NO_CONTROLS, 'must not hold control characters')
  .regex(/^\S(.*\S)?$/u, 'must not begin or end with a space')
  .meta({ description: 'Identity within the license and kind', example: '85123A' });

/** A text that people read: 1 to 200 characters, no control characters. */
export const nameSchema: z.ZodString = z
  .string()
  .min(1)
  .max(200)
  .regex(NO_CONTROLS, 'must not hold control characters')
  .regex(/\S/u, 'must not be blank');

/** Where an item stands among its like; ties are broken by name. */
export const sortOrderSchema: z.ZodDefault<z.ZodNumber> = z.int().min(-1_000_000).max(1_000_000).default(0);
