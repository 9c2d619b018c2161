import { TillcastError } from '@tillcast/protocol/errors';
import type { CreateLicense } from '@tillcast/protocol/http/admin-api';
import { type TerminalPublicKey, terminalPublicKeySchema } from '@tillcast/protocol/http/identity-api';
import { type LicenseKey, parseLicenseKey } from '@tillcast/protocol/license-key';
import { exportJWK, generateKeyPair } from 'jose';
import { expect, test } from 'vitest';
import type { Database } from '../../src/database/database.ts';
import { statement, textColumn } from '../../src/database/statement.ts';
import { activateTerminal, type NewTerminal } from '../../src/identity/activate-terminal.ts';
import { createLicense } from '../../src/licenses/create-license.ts';
import { getLicense } from '../../src/licenses/find-license.ts';
import { renewActivationCode } from '../../src/licenses/renew-activation-code.ts';
import { setLicenseStatus } from '../../src/licenses/set-license-status.ts';
import { updateLicense } from '../../src/licenses/update-license.ts';
import { getTerminal } from '../../src/terminals/list-terminals.ts';
import { moveTerminal, revokeTerminal } from '../../src/terminals/revoke-terminal.ts';
import { messagesOf } from './change-log.ts';
import { context } from './fixture.ts';

let made = 0;

async function license(
  database: Database,
  more: Partial<CreateLicense> = {},
): Promise<{ readonly key: LicenseKey; readonly code: string }> {
  made += 1;
  const key = parseLicenseKey(`ACT-LIFE-${made}`);
  const { activationCode } = await createLicense(database, { key, ...more }, context);
  return { key, code: activationCode };
}

async function publicKey(): Promise<TerminalPublicKey> {
  const { publicKey: key } = await generateKeyPair('ES256', { extractable: true });
  const { kty, crv, x, y } = await exportJWK(key);
  return terminalPublicKeySchema.parse({ kty, crv, x, y });
}

async function activate(
  database: Database,
  key: LicenseKey,
  code: string,
  more: { readonly name?: string; readonly jwk?: TerminalPublicKey; readonly now?: () => Date } = {},
): Promise<NewTerminal> {
  const { name = 'Counter', jwk = await publicKey(), now = context.now } = more;
  const request = { license_key: key, activation_code: code, name, public_key: jwk };
  return activateTerminal(database, request, { now, address: '127.0.0.1' });
}

/** How often each code came, `ok` for what was done. */
async function tally(attempts: readonly Promise<unknown>[]): Promise<Readonly<Record<string, number>>> {
  const counts: Record<string, number> = {};
  for (const outcome of await Promise.allSettled(attempts)) {
    const refused = outcome.status === 'rejected' ? outcome.reason : null;
    if (refused !== null && !(refused instanceof TillcastError)) throw refused;
    const name = refused === null ? 'ok' : refused.code;
    counts[name] = (counts[name] ?? 0) + 1;
  }
  return counts;
}

const LIST_REQUESTS = statement<{ kind: string; terminal: string }>(
  'test_list_revocations',
  `SELECT r.kind, coalesce(r.terminal_id::text, 'all') AS terminal
  FROM revocations r JOIN licenses l ON l.id = r.license_id WHERE l.key = $1 ORDER BY r.id`,
  { kind: textColumn, terminal: textColumn },
);

const LIST_ACTS = statement<{ act: string; subject: string }>(
  'test_list_acts',
  `SELECT act, subject FROM audit_log WHERE subject = $1 OR detail LIKE '%' || $1 || '%' ORDER BY number`,
  { act: textColumn, subject: textColumn },
);

/** The acts that name a license, as the audit log has them. */
async function actsOf(database: Database, key: LicenseKey): Promise<readonly string[]> {
  return (await database.query(LIST_ACTS, [key])).map(({ act }) => act);
}

export function activationContract(database: () => Database): void {
  test('[G3] of fifty tills that activate at once on three places, three do', async () => {
    const { key, code } = await license(database(), { terminals_max: 3 });
    const keys = await Promise.all(Array.from({ length: 50 }, publicKey));
    const attempts = keys.map((jwk) => activate(database(), key, code, { jwk }));
    expect(await tally(attempts)).toEqual({ ok: 3, too_many_terminals: 47 });
    expect(await getLicense(database(), key)).toMatchObject({ terminalsActive: 3, terminalsMax: 3 });
  });

  test('[G3] a place that is moved is kept, and its code works once however many try at once', async () => {
    const { key, code } = await license(database(), { terminals_max: 1 });
    const old = await activate(database(), key, code, { name: 'Bar' });
    const seatCode = await moveTerminal(database(), old.terminalId, context);
    await expect(activate(database(), key, code)).rejects.toMatchObject({ code: 'too_many_terminals' });
    const keys = await Promise.all(Array.from({ length: 8 }, publicKey));
    const attempts = keys.map((jwk) => activate(database(), key, seatCode, { jwk, name: 'New' }));
    expect(await tally(attempts)).toEqual({ ok: 1, activation_refused: 7 });
    expect(await getLicense(database(), key)).toMatchObject({ terminalsActive: 1 });
    const [done] = (await Promise.allSettled(attempts)).flatMap((one) =>
      one.status === 'fulfilled' ? [one.value] : [],
    );
    expect(done?.name).toBe('Bar');
    expect(await actsOf(database(), key)).toEqual([
      'license.created',
      'terminal.activated',
      'terminal.moved',
      'terminal.activated',
    ]);
    expect(await database().query(LIST_REQUESTS, [key])).toEqual([
      { kind: 'limit', terminal: old.terminalId },
      { kind: 'block', terminal: old.terminalId },
      { kind: 'limit', terminal: done?.terminalId },
    ]);
  });

  test('[G3] the code of a place that is moved works for a day; then the place is free', async () => {
    const { key, code } = await license(database(), { terminals_max: 1 });
    const old = await activate(database(), key, code);
    const seatCode = await moveTerminal(database(), old.terminalId, context);
    const later = new Date(Date.now() + 24 * 3_600_000 + 1000);
    const now = (): Date => later;
    await expect(activate(database(), key, seatCode, { now })).rejects.toMatchObject({
      code: 'activation_refused',
    });
    await expect(activate(database(), key, code, { now })).resolves.toMatchObject({ licenseKey: key });
    // A place's code is of its license alone.
    const other = await license(database());
    await expect(activate(database(), other.key, seatCode)).rejects.toMatchObject({
      code: 'activation_refused',
    });
  });

  test('[G3] [G28] the key that used the code of a moved place may use it again, for the same terminal; no other may', async () => {
    const { key, code } = await license(database(), { terminals_max: 1 });
    const old = await activate(database(), key, code, { name: 'Bar' });
    const seatCode = await moveTerminal(database(), old.terminalId, context);
    const jwk = await publicKey();
    // Twice at once: the first answer may be on its way when the till asks again.
    const [first, atOnce] = await Promise.all(
      [1, 2].map(() => activate(database(), key, seatCode, { jwk, name: 'New' })),
    );
    expect(atOnce).toEqual(first);
    expect(await activate(database(), key, seatCode, { jwk })).toEqual(first);
    expect(first?.name).toBe('Bar');
    await expect(activate(database(), key, seatCode)).rejects.toMatchObject({ code: 'activation_refused' });
    // A code that is used keeps no second place, and is nobody's any more when its day is over.
    expect(await getLicense(database(), key)).toMatchObject({ terminalsActive: 1 });
    await updateLicense(database(), key, { terminals_max: 2 }, context);
    await activate(database(), key, code);
    const later = new Date(Date.now() + 24 * 3_600_000 + 1000);
    await expect(activate(database(), key, seatCode, { jwk, now: () => later })).rejects.toMatchObject({
      code: 'activation_refused',
    });
    expect((await actsOf(database(), key)).filter((act) => act === 'terminal.activated')).toHaveLength(3);
  });

  test('[G3] the code of a moved place is worth nothing to the key that used it, once its terminal is revoked', async () => {
    const { key, code } = await license(database(), { terminals_max: 1 });
    const old = await activate(database(), key, code);
    const seatCode = await moveTerminal(database(), old.terminalId, context);
    const jwk = await publicKey();
    const { terminalId } = await activate(database(), key, seatCode, { jwk });
    await revokeTerminal(database(), terminalId, context);
    await expect(activate(database(), key, seatCode, { jwk })).rejects.toMatchObject({
      code: 'activation_refused',
    });
    expect(await getLicense(database(), key)).toMatchObject({ terminalsActive: 0 });
  });

  test('[G2] a key is one terminal’s: shown again it gets that one, revoked or elsewhere it is refused', async () => {
    const { key, code } = await license(database(), { terminals_max: 1 });
    const other = await license(database());
    const jwk = await publicKey();
    const first = await activate(database(), key, code, { jwk });
    expect(await activate(database(), key, code, { jwk, name: 'Again' })).toEqual(first);
    await expect(activate(database(), key, 'wrong', { jwk })).rejects.toMatchObject({
      code: 'activation_refused',
    });
    await expect(activate(database(), other.key, other.code, { jwk })).rejects.toMatchObject({
      code: 'already_activated',
    });
    await revokeTerminal(database(), first.terminalId, context);
    await expect(activate(database(), key, code, { jwk })).rejects.toMatchObject({
      code: 'already_activated',
    });
    expect(await getLicense(database(), other.key)).toMatchObject({ terminalsActive: 0 });
  });

  test('[G4] a renewed code makes the one before worth nothing; a license that was only ensured has none', async () => {
    const { key, code } = await license(database());
    const renewed = await renewActivationCode(database(), key, context);
    expect(renewed).not.toBe(code);
    await expect(activate(database(), key, code)).rejects.toMatchObject({ code: 'activation_refused' });
    await expect(activate(database(), key, renewed)).resolves.toMatchObject({ licenseKey: key });
    await expect(
      renewActivationCode(database(), parseLicenseKey('NOBODY-HAS-THIS'), context),
    ).rejects.toMatchObject({ code: 'license_not_found' });
  });

  test('[G7] only a license that is valid takes terminals, and only who has the code learns that it is not', async () => {
    const { key, code } = await license(database());
    await setLicenseStatus(database(), key, 'suspended', context);
    await expect(activate(database(), key, code)).rejects.toMatchObject({ code: 'license_suspended' });
    await expect(activate(database(), key, 'wrong')).rejects.toMatchObject({ code: 'activation_refused' });
    await setLicenseStatus(database(), key, 'active', context);
    await updateLicense(database(), key, { valid_until: '2020-01-01T00:00:00.000Z' }, context);
    await expect(activate(database(), key, code)).rejects.toMatchObject({ code: 'license_expired' });
    await updateLicense(database(), key, { valid_until: null }, context);
    await activate(database(), key, code);
    await setLicenseStatus(database(), key, 'revoked', context);
    await expect(activate(database(), key, code)).rejects.toMatchObject({ code: 'license_revoked' });
  });

  test('[G10] every change of standing is numbered, audited, and told to the broker; revoked is for good', async () => {
    const { key } = await license(database());
    await setLicenseStatus(database(), key, 'suspended', context);
    await updateLicense(database(), key, { valid_until: '2020-01-01T00:00:00.000Z' }, context);
    // Resumed after its end, it is still shut.
    await setLicenseStatus(database(), key, 'active', context);
    await updateLicense(database(), key, { valid_until: '2090-01-01T00:00:00.000Z' }, context);
    const named = await updateLicense(database(), key, { name: 'Nord', terminals_max: 2 }, context);
    expect(named).toMatchObject({ name: 'Nord', terminalsMax: 2, version: 4 });
    expect(await updateLicense(database(), key, { name: 'Nord' }, context)).toEqual(named);
    await setLicenseStatus(database(), key, 'revoked', context);
    for (const act of [
      () => setLicenseStatus(database(), key, 'active', context),
      () => updateLicense(database(), key, { name: 'Süd' }, context),
      () => renewActivationCode(database(), key, context),
    ]) {
      await expect(act()).rejects.toMatchObject({ code: 'license_revoked' });
    }
    const revoked = await setLicenseStatus(database(), key, 'revoked', context);
    expect(revoked).toMatchObject({ status: 'revoked', version: 5 });
    expect((await messagesOf(database(), key)).map(({ payload }) => payload)).toEqual([
      { status: 'suspended', valid_until: null },
      { status: 'suspended', valid_until: '2020-01-01T00:00:00.000Z' },
      { status: 'active', valid_until: '2020-01-01T00:00:00.000Z' },
      { status: 'active', valid_until: '2090-01-01T00:00:00.000Z' },
      { status: 'revoked', valid_until: '2090-01-01T00:00:00.000Z' },
    ]);
    expect((await database().query(LIST_REQUESTS, [key])).map(({ kind }) => kind)).toEqual([
      'block',
      'block',
      'unblock',
      'block',
    ]);
    expect(await actsOf(database(), key)).toEqual([
      'license.created',
      'license.suspended',
      'license.updated',
      'license.resumed',
      'license.updated',
      'license.updated',
      'license.revoked',
    ]);
  });

  test('[G10] a terminal is revoked once, and its place is free', async () => {
    const { key, code } = await license(database(), { terminals_max: 1 });
    const { terminalId } = await activate(database(), key, code);
    await revokeTerminal(database(), terminalId, context);
    await revokeTerminal(database(), terminalId, context);
    expect(await getTerminal(database(), terminalId)).toMatchObject({ standing: 'revoked' });
    expect(await getLicense(database(), key)).toMatchObject({
      terminalsActive: 0,
      revokedTerminals: [terminalId],
    });
    expect(await database().query(LIST_REQUESTS, [key])).toEqual([
      { kind: 'limit', terminal: terminalId },
      { kind: 'block', terminal: terminalId },
    ]);
    expect(await actsOf(database(), key)).toEqual([
      'license.created',
      'terminal.activated',
      'terminal.revoked',
    ]);
    await expect(moveTerminal(database(), terminalId, context)).rejects.toMatchObject({
      code: 'terminal_revoked',
    });
    await expect(activate(database(), key, code)).resolves.toMatchObject({ licenseKey: key });
  });
}
