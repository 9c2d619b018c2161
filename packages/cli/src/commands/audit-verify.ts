import { type AuditHead, AuditVerifier } from '@tillcast/protocol/audit';
import { TillcastError } from '@tillcast/protocol/errors';
import { MAX_AUDIT_ENTRIES } from '@tillcast/protocol/http/admin-api';
import type { AdminClient } from '../api/admin-client.ts';
import { withClient } from '../api/with-client.ts';
import { type CliCommand, defineCommand } from '../command.ts';
import { quoted, usageError } from '../input/parse.ts';
import { count, counted } from '../output/figures.ts';

export const auditVerify: CliCommand = defineCommand<AuditHead | null, AuditHead>({
  description:
    'Recompute the audit log from its first entry on. It ends with the log’s head: note it elsewhere, and hand it in the next time; then a log that was cut off or written anew is found too.',
  examples: [
    'tillcast audit verify',
    `tillcast audit verify --head 128:1caa11dcf9014c73cfe8276aaafbf78640a0b15695de4cf10950d3e175f699d8`,
  ],
  flags: [{ flags: '--head <number:hash>', description: 'A head that was noted earlier' }],
  validate: (given) => {
    const head = given.text('head');
    return head === undefined ? null : parseHead(head);
  },
  run: (noted, context) => withClient(context, (client) => verify(client, noted)),
  print: ({ number, hash }, context) => {
    const entries =
      number === 0 ? 'The log is empty.' : `${counted(number, 'entry', 'entries')}, none changed.`;
    context.out.write(`${context.outStyles.ok('whole')}  ${entries}\nhead   ${number}:${hash}\n`);
  },
  json: (head) => ({ whole: true, head }),
});

/** @throws TillcastError `audit_broken` with the first entry that is not as it was written */
async function verify(client: AdminClient, noted: AuditHead | null): Promise<AuditHead> {
  const verifier = new AuditVerifier(noted);
  for (;;) {
    const { entries, head } = await client.audit(verifier.head.number, MAX_AUDIT_ENTRIES);
    for (const entry of entries) refuse(verifier.add(entry), verifier);
    if (entries.length === MAX_AUDIT_ENTRIES) continue;
    refuse(verifier.end(head), verifier);
    return verifier.head;
  }
}

function refuse(found: ReturnType<AuditVerifier['add']>, { head }: AuditVerifier): void {
  if (found === null) return;
  const before =
    head.number === 0
      ? 'Nothing before it can be relied on.'
      : `Up to entry ${count(head.number)} it is whole.`;
  throw new TillcastError(
    'audit_broken',
    `The audit log was tampered with. ${found.detail} ${before} Compare with a backup, and find out who may write to the database.`,
    { details: [{ pointer: `entry ${found.number}`, detail: found.detail }] },
  );
}

function parseHead(text: string): AuditHead {
  const [, number, hash] = /^(\d{1,15}):([0-9a-f]{64})$/.exec(text) ?? [];
  if (number === undefined || hash === undefined) {
    throw usageError(
      `--head must be a number, a colon and 64 hexadecimal digits, as \`tillcast audit verify\` ends with, and is ${quoted(text)}.`,
    );
  }
  return { number: Number(number), hash };
}
