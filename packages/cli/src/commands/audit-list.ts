import { type AuditEntry, type AuditPage, MAX_AUDIT_ENTRIES } from '@tillcast/protocol/http/admin-api';
import { withClient } from '../api/with-client.ts';
import { type CliCommand, defineCommand } from '../command.ts';
import { parseInteger } from '../input/parse.ts';
import { columns } from '../output/columns.ts';

interface Wanted {
  /** Null: the last ones. */
  readonly after: number | null;
  readonly limit: number;
}

export const auditList: CliCommand = defineCommand<Wanted, AuditPage>({
  description: 'List the audit log: what was done, by whom and when, oldest first.',
  examples: ['tillcast audit list', 'tillcast audit list --after 0 --limit 1000 --json'],
  flags: [
    {
      flags: '--after <number>',
      description: 'The entries after this number',
      fallback: 'the last ones',
    },
    { flags: '--limit <count>', description: `How many, up to ${MAX_AUDIT_ENTRIES}`, fallback: '50' },
  ],
  validate: (given) => {
    const after = given.text('after');
    return {
      after: after === undefined ? null : parseInteger(after, '--after', 0, Number.MAX_SAFE_INTEGER),
      limit: parseInteger(given.text('limit') ?? '50', '--limit', 1, MAX_AUDIT_ENTRIES),
    };
  },
  run: ({ after, limit }, context) =>
    withClient(context, async (client) => {
      if (after !== null) return client.audit(after, limit);
      const { head } = await client.audit(0, 1);
      return client.audit(Math.max(0, head.number - limit), limit);
    }),
  print: ({ entries, head }, context) => {
    const { muted } = context.outStyles;
    if (entries.length > 0) context.out.write(columns(HEAD.map(muted), entries.map(cells)));
    const last = entries.at(-1)?.number ?? 0;
    const more = head.number > last && entries.length > 0 ? `; \`--after ${last}\` shows more` : '';
    context.err.write(
      head.number === 0 ? 'The audit log is empty.\n' : `The log has ${head.number} entries${more}.\n`,
    );
  },
});

const HEAD = ['Number', 'At', 'Who', 'What', 'To', 'More'];

function cells({ number, at, actor, act, subject, detail }: AuditEntry): readonly string[] {
  return [String(number), at, actor, act, subject ?? '', detail === '{}' ? '' : detail].map(printable);
}

/** What was refused may have been named by anybody: no control character of it reaches a terminal. */
function printable(text: string): string {
  return text.replaceAll(/\p{C}/gu, '\u{FFFD}');
}
