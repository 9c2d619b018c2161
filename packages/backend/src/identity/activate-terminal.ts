import { randomUUID } from 'node:crypto';
import { TillcastError } from '@tillcast/protocol/errors';
import type { ActivationRequest } from '@tillcast/protocol/http/identity-api';
import type { LicenseKey } from '@tillcast/protocol/license-key';
import { appendAudit } from '../audit/append-audit.ts';
import type { Database, Session } from '../database/database.ts';
import { refusalOf, standingOf } from '../licenses/standing.ts';
import { requestRevocation } from '../revocation/request-revocation.ts';
import { publicKeyText, thumbprintOf } from '../terminals/public-key.ts';
import { hashOfCode, sameHash } from './activation-codes.ts';
import {
  type ActivationDoor,
  countSeats,
  findActivationDoors,
  findTerminalOfKey,
  insertTerminal,
  type LockedLicense,
  lockLicense,
  takeSeat,
} from './activation-statements.ts';

/** A terminal that was activated. */
export interface NewTerminal {
  readonly terminalId: string;
  readonly licenseKey: LicenseKey;
  readonly name: string;
}

/**
 * Activates a terminal: whoever has the code gets an id for his key, as long as the license is valid and has a
 * seat left. The code of a seat that was moved works for one key, and gives the seat's name. Who has not the code
 * is told one thing, whether or not the license exists, after the same work. A till that shows its key again gets
 * the terminal that it is already.
 * @throws TillcastError `activation_refused`; `license_suspended`, `license_expired`, `license_revoked`,
 *   `too_many_terminals`, `already_activated` (a key of another license's terminal, or of a revoked one), `request_invalid` (no such key
 *   can be), `overloaded`
 */
export async function activateTerminal(
  database: Database,
  request: ActivationRequest,
  context: { readonly now: () => Date; readonly address: string },
): Promise<NewTerminal> {
  const { license_key: key, activation_code: code } = request;
  const publicKey = publicKeyText(request.public_key);
  const doors = await findActivationDoors(database, key, context.now());
  const given = await hashOfCode(key, code);
  const thumbprint = thumbprintOf(publicKey);
  const door = doorFor(given, thumbprint, doors);
  if (door === null) throw refused();
  return database.ofLicense(door.licenseId).transaction(async (session) => {
    const now = context.now();
    const license = await lockLicense(session, door.licenseId);
    // The code may have been renewed while its hash was computed.
    if (license === null || (door.seatId === null && !sameHash(given, license.codeHash))) throw refused();
    const refusal = refusalOf(standingOf(license, now));
    if (refusal !== null) throw refusal;
    // The answer to its first try may have been lost: who shows the same key again gets the same terminal.
    const before = await findTerminalOfKey(session, door.licenseId, publicKey);
    if (before !== null) return { ...before, licenseKey: key };
    const name = await takePlace(session, license, {
      ...door,
      name: request.name,
      key: thumbprint,
      now,
    });
    const terminalId = randomUUID();
    const terminal = { licenseId: door.licenseId, terminalId, name, publicKey, activatedAt: now };
    if (!(await insertTerminal(session, terminal))) throw alreadyActivated();
    await requestRevocation(session, { licenseId: door.licenseId, terminalId, kind: 'limit' }, now);
    const act = {
      actor: `address ${context.address}`,
      act: 'terminal.activated',
      subject: terminalId,
      detail: { license_key: key, name, moved: door.seatId !== null },
    };
    await appendAudit(session, act, now);
    return { terminalId, licenseKey: key, name };
  });
}

/** Which of the license's codes was given. Compares with all of them, found or not, and with one at least. */
function doorFor(
  given: string,
  key: string,
  doors: readonly ActivationDoor[],
): { readonly licenseId: number; readonly seatId: string | null } | null {
  const [first] = doors;
  const isLicenses = sameHash(given, first?.codeHash ?? null);
  const seats = doors.filter(({ seatCodeHash }) => sameHash(given, seatCodeHash));
  if (first === undefined) return null;
  if (isLicenses) return { licenseId: first.licenseId, seatId: null };
  // A seat that is taken is open to who took it: the answer may have been lost.
  return seats.find(({ seatUsedByKey }) => seatUsedByKey === null || seatUsedByKey === key) ?? null;
}

/** Takes a place among the license's terminals. @returns the terminal's name */
async function takePlace(
  session: Session,
  license: LockedLicense,
  wanted: {
    readonly licenseId: number;
    readonly seatId: string | null;
    readonly name: string;
    readonly key: string;
    readonly now: Date;
  },
): Promise<string> {
  const { licenseId, seatId, name, key, now } = wanted;
  // A seat's place was kept for it: taken up first, it is counted no longer.
  const seatName = seatId === null ? name : await takeSeat(session, { licenseId, seatId, key, now });
  if (seatName === null) throw refused();
  if ((await countSeats(session, licenseId, now)) >= license.terminalsMax) {
    throw new TillcastError(
      'too_many_terminals',
      `License ${license.key} allows ${license.terminalsMax} terminals, and has them. Revoke one that is no longer used, or ask for more.`,
    );
  }
  return seatName;
}

function refused(): TillcastError {
  return new TillcastError(
    'activation_refused',
    'License key and activation code do not go together. Check both for typing errors, or ask for a new code.',
  );
}

function alreadyActivated(): TillcastError {
  return new TillcastError(
    'already_activated',
    'This key pair is a terminal’s already. Let the till make a new one (tillcast terminal reset), then activate it.',
  );
}
