import { TillcastError } from '@tillcast/protocol/errors';
import { uuidv7 } from 'uuidv7';
import { type AuditedAct, appendAudit } from '../audit/append-audit.ts';
import type { Database, Session } from '../database/database.ts';
import { command, statement, textColumn } from '../database/statement.ts';
import { hashOfCode, newActivationCode } from '../identity/activation-codes.ts';
import { findActivatedTerminal } from '../identity/find-terminal.ts';
import { requestRevocation } from '../revocation/request-revocation.ts';
import { terminalNotFound } from './list-terminals.ts';

/** How long the code of a moved seat works. */
const SEAT_CODE_LIFE_MS = 24 * 3_600_000;

const REVOKE = statement<{ name: string }>(
  'revoke_terminal',
  `UPDATE terminals SET revoked_at = $3
  WHERE license_id = $1 AND terminal_id = $2::uuid AND revoked_at IS NULL
  RETURNING name`,
  { name: textColumn },
);

const INSERT_SEAT = command(
  'insert_seat_code',
  `WITH expired AS (
    DELETE FROM seat_codes WHERE license_id = $1 AND expires_at <= $6
  )
  INSERT INTO seat_codes (license_id, id, code_hash, name, expires_at) VALUES ($1, $2::uuid, $3, $4, $5)`,
);

interface Context {
  readonly now: () => Date;
}

/**
 * Revokes a terminal, for good: it is refused from then on, its connections are closed, and its place is free.
 * Where it is revoked already, nothing changes.
 * @throws TillcastError `terminal_not_found`
 */
export async function revokeTerminal(
  database: Database,
  terminalId: string,
  context: Context,
): Promise<void> {
  const terminal = await findActivatedTerminal(database, terminalId);
  if (terminal === null) throw terminalNotFound(terminalId);
  await database.ofLicense(terminal.licenseId).transaction(async (session) => {
    const at = context.now();
    const name = await revoke(session, terminal, at);
    if (name !== null) await appendAudit(session, actOn('terminal.revoked', terminal, name), at);
  });
}

/**
 * Moves a terminal's place to another machine: the terminal is revoked, and a code is made that activates
 * one in its place, for one key, within a day. The place is kept for it.
 * @returns the code, which is shown this once
 * @throws TillcastError `terminal_not_found`; `terminal_revoked` where it has no place to move
 */
export async function moveTerminal(
  database: Database,
  terminalId: string,
  context: Context,
): Promise<string> {
  const terminal = await findActivatedTerminal(database, terminalId);
  if (terminal === null) throw terminalNotFound(terminalId);
  const { licenseId, key } = terminal;
  const code = newActivationCode();
  const hash = await hashOfCode(key, code);
  await database.ofLicense(licenseId).transaction(async (session) => {
    const at = context.now();
    const name = await revoke(session, terminal, at);
    if (name === null) {
      throw new TillcastError(
        'terminal_revoked',
        `Terminal ${terminalId} is revoked: activate the new machine with the license’s own code.`,
      );
    }
    const expiresAt = new Date(at.getTime() + SEAT_CODE_LIFE_MS);
    await session.query(INSERT_SEAT, [licenseId, uuidv7(), hash, name, expiresAt, at]);
    await appendAudit(session, actOn('terminal.moved', terminal, name), at);
  });
  return code;
}

/** @returns its name; null where it was revoked before */
async function revoke(
  session: Session,
  { licenseId, terminalId }: { readonly licenseId: number; readonly terminalId: string },
  at: Date,
): Promise<string | null> {
  const [revoked] = await session.query(REVOKE, [licenseId, terminalId, at]);
  if (revoked === undefined) return null;
  await requestRevocation(session, { licenseId, terminalId, kind: 'block' }, at);
  return revoked.name;
}

function actOn(
  act: string,
  { terminalId, key }: { readonly terminalId: string; readonly key: string },
  name: string,
): AuditedAct {
  return { actor: 'operator', act, subject: terminalId, detail: { license_key: key, name } };
}
