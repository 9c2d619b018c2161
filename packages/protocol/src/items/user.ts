import { z } from 'zod';
import { itemIdSchema, nameSchema } from './fields.ts';

/**
 * A member of staff who signs in at the till. The PIN itself is nowhere: `pin_hash` is a salted slow hash,
 * `scrypt$N$r$p$salt$hash` with salt and hash in base64url, checked on the till so that it works offline.
 */
export interface User {
  readonly id: string;
  readonly name: string;
  readonly role: 'cashier' | 'manager';
  readonly pin_hash: string | null;
  readonly active: boolean;
}

export const PIN_HASH_PATTERN: RegExp =
  /^scrypt\$\d{4,7}\$\d{1,2}\$\d{1,2}\$[A-Za-z0-9_-]{22,}\$[A-Za-z0-9_-]{43,}$/;

export const userSchema: z.ZodType<User, unknown> = z
  .strictObject({
    id: itemIdSchema,
    name: nameSchema,
    role: z.enum(['cashier', 'manager']).default('cashier'),
    pin_hash: z
      .string()
      .max(200)
      .regex(PIN_HASH_PATTERN, 'must be scrypt$N$r$p$salt$hash; never send a PIN')
      .nullable()
      .default(null),
    active: z.boolean().default(true),
  })
  .meta({ id: 'User' });
