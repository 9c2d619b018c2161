import { itemIdSchema } from '@tillcast/protocol/items/fields';
import { quoted, usageError } from './parse.ts';

/** An item's id from a flag or an argument. */
export function parseItemId(text: string, where: string): string {
  const parsed = itemIdSchema.safeParse(text);
  if (parsed.success) return parsed.data;
  throw usageError(
    `${where} ${quoted(text)} is not an item’s id: 1 to 64 printable characters without spaces at its ends.`,
    parsed.error,
  );
}
