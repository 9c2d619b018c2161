import { type ExportRequest, exportRequestSchema } from '@tillcast/protocol/http/till-api';
import type { FlagSpec } from '../command.ts';
import type { CliContext } from '../context.ts';
import { usageError } from './parse.ts';
import { readSecretLines } from './standard-input.ts';

export const EXPORT_FLAG: FlagSpec = {
  flags: '--export',
  description:
    'Go ahead though sales wait: write them into an encrypted file first. A manager’s PIN and a passphrase for the file are asked for, or read from standard input (a line each)',
};

/** What a manager says for an export. It is never an argument, which others on this machine could read. */
export async function readExport({ err }: CliContext): Promise<ExportRequest> {
  const questions = ['A manager’s PIN (not shown):', 'A passphrase for the export (not shown):'];
  const [pin = '', passphrase = ''] = await readSecretLines(questions, err);
  const parsed = exportRequestSchema.safeParse({ pin: pin.trim(), passphrase });
  if (parsed.success) return parsed.data;
  throw usageError('A PIN has 3 to 12 digits, and a passphrase at least 12 characters.', parsed.error);
}
