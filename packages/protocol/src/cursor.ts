import { z } from 'zod';

/** Identity of a license's history: a version number means something only together with it. */
export const epochSchema: z.ZodString = z
  .string()
  .regex(/^[a-z0-9]{8,32}$/, 'must be 8 to 32 characters of a-z and 0-9')
  .meta({ description: 'Identity of a history; changes when history does', example: 'k3v9m2x7q1' });

/** Position in a license's changes: 0 before the first. */
export const versionSchema: z.ZodNumber = z
  .int()
  .nonnegative()
  .meta({ description: 'Position in the changes', example: 42 });

/** Sum of all rows at a version: 64 bits as 16 hexadecimal digits. */
export const digestSchema: z.ZodString = z
  .string()
  .regex(/^[0-9a-f]{16}$/, 'must be 16 hexadecimal digits')
  .meta({ description: 'Additive digest of the whole catalog', example: '9f86d081884c7d65' });

/** Where a replica stands: the history, the position in it, and the proof of content there. */
export interface Cursor {
  readonly epoch: string;
  readonly version: number;
  readonly digest: string;
}

export const cursorSchema: z.ZodType<Cursor> = z.strictObject({
  epoch: epochSchema,
  version: versionSchema,
  digest: digestSchema,
});

/** Whether two cursors name the same content: same history, same position, same digest. */
export function sameCursor(a: Cursor | null, b: Cursor | null): boolean {
  if (a === null || b === null) return a === b;
  return a.epoch === b.epoch && a.version === b.version && a.digest === b.digest;
}
