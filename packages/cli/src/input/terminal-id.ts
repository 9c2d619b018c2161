import { z } from 'zod';
import { quoted, usageError } from './parse.ts';

const uuidSchema = z.uuid();

/** A terminal's id from an argument. */
export function parseTerminalId(text: string): string {
  const parsed = uuidSchema.safeParse(text);
  if (parsed.success) return parsed.data.toLowerCase();
  throw usageError(
    `A terminal’s id is a UUID, and ${quoted(text)} is none: \`tillcast terminals list\` shows them.`,
    parsed.error,
  );
}
