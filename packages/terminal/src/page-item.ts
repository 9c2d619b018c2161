import type { ItemKind } from '@tillcast/protocol/items/kind';
import { z } from 'zod';

const userSchema = z.looseObject({ pin_hash: z.unknown() });

/**
 * An item's stored text as the page gets it: of a member of staff without the PIN's hash, of which four digits are soon
 * found by whoever has it. PINs are checked by the till's program alone.
 */
export function pageText(kind: ItemKind, body: string): string {
  return kind === 'user' ? JSON.stringify({ ...userSchema.parse(JSON.parse(body)), pin_hash: null }) : body;
}
