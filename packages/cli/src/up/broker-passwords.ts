import { randomBytes } from 'node:crypto';
import { mkdirSync, readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { z } from 'zod';

/** Passwords of the users that a provisioned broker has. */
export interface BrokerPasswords {
  readonly publisher: string;
  readonly guardian: string;
}

const passwordsSchema: z.ZodType<BrokerPasswords, unknown> = z.object({
  publisher: z.string().min(1),
  guardian: z.string().min(1),
});

/** The demo's passwords: made at the first start, and kept in a file that only its owner can read. */
export function keptBrokerPasswords(dataDir: string): BrokerPasswords {
  const path = join(dataDir, BROKER_PASSWORDS_FILE);
  try {
    return passwordsSchema.parse(JSON.parse(readFileSync(path, 'utf8')));
  } catch (error) {
    // Missing, or half written by a process that was killed: the broker takes new ones at each start.
    if (!(error instanceof SyntaxError || error instanceof z.ZodError || isMissing(error))) throw error;
  }
  const passwords = { publisher: newPassword(), guardian: newPassword() };
  mkdirSync(dataDir, { recursive: true });
  writeFileSync(path, `${JSON.stringify(passwords)}\n`, { mode: 0o600 });
  return passwords;
}

export const BROKER_PASSWORDS_FILE = 'broker-passwords.json';

function newPassword(): string {
  return randomBytes(24).toString('base64url');
}

function isMissing(error: unknown): boolean {
  return error instanceof Error && 'code' in error && error.code === 'ENOENT';
}
