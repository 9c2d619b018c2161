import { appendAudit } from '../audit/append-audit.ts';
import type { Database } from '../database/database.ts';
import { command } from '../database/statement.ts';
import { findActivatedTerminal } from '../identity/find-terminal.ts';
import { terminalNotFound } from './list-terminals.ts';

const RENAME = command(
  'rename_terminal',
  'UPDATE terminals SET name = $3 WHERE license_id = $1 AND terminal_id = $2::uuid',
);

/** Gives a terminal another name. @throws TillcastError `terminal_not_found` */
export async function renameTerminal(
  database: Database,
  terminalId: string,
  name: string,
  context: { readonly now: () => Date },
): Promise<void> {
  const terminal = await findActivatedTerminal(database, terminalId);
  if (terminal === null) throw terminalNotFound(terminalId);
  const { licenseId, key } = terminal;
  await database.ofLicense(licenseId).transaction(async (session) => {
    await session.query(RENAME, [licenseId, terminalId, name]);
    const act = { actor: 'operator', act: 'terminal.renamed', subject: terminalId };
    await appendAudit(session, { ...act, detail: { license_key: key, name } }, context.now());
  });
}
