import type { UpdateLicense } from '@tillcast/protocol/http/admin-api';
import type { LicenseKey } from '@tillcast/protocol/license-key';
import { appendAudit } from '../audit/append-audit.ts';
import { lockHead } from '../catalog/commit-base.ts';
import type { Database } from '../database/database.ts';
import { command } from '../database/statement.ts';
import type { MessageSigner } from '../keys/key-ring.ts';
import { requestRevocation } from '../revocation/request-revocation.ts';
import { getLicense } from './find-license.ts';
import type { LicenseState } from './license.ts';
import { refuseWhereRevoked } from './set-license-status.ts';
import { standingOf } from './standing.ts';
import { writeLicenseUpdate } from './write-license-update.ts';

const UPDATE = command(
  'update_license',
  'UPDATE licenses SET name = $2, valid_until = $3, terminals_max = $4 WHERE id = $1',
);

/**
 * Changes what an operator may change of a license; what is left out stays. Another end is a numbered
 * `license_update`; where the license is valid before and not after, or the other way about, the broker is
 * told too. Terminals beyond a lower number stay: it is new ones that are refused.
 * @throws TillcastError `license_not_found`, `license_revoked`
 */
export function updateLicense(
  database: Database,
  key: LicenseKey,
  update: UpdateLicense,
  context: { readonly now: () => Date; readonly signer: MessageSigner },
): Promise<LicenseState> {
  return database.ofLicense(key).transaction(async (session) => {
    const head = await lockHead(session, key);
    const before = await getLicense(session, key);
    refuseWhereRevoked(before);
    const validUntil = endOf(update, before);
    const { name = before.name, terminals_max: terminalsMax = before.terminalsMax } = update;
    const newEnd = validUntil?.getTime() !== before.validUntil?.getTime();
    if (!newEnd && name === before.name && terminalsMax === before.terminalsMax) return before;
    const at = context.now();
    await session.query(UPDATE, [head.licenseId, name, validUntil, terminalsMax]);
    if (newEnd) {
      await writeLicenseUpdate(
        session,
        head,
        { status: before.status, validUntil },
        { at, signer: context.signer },
      );
      const valid = standingOf({ ...before, validUntil }, at).valid;
      if (valid !== standingOf(before, at).valid) {
        const kind = valid ? 'unblock' : 'block';
        await requestRevocation(session, { licenseId: head.licenseId, terminalId: null, kind }, at);
      }
    }
    const after = await getLicense(session, key);
    const detail = { name, valid_until: validUntil?.toISOString() ?? null, terminals_max: terminalsMax };
    await appendAudit(session, { actor: 'operator', act: 'license.updated', subject: key, detail }, at);
    return after;
  });
}

function endOf({ valid_until }: UpdateLicense, { validUntil }: LicenseState): Date | null {
  if (valid_until === undefined) return validUntil;
  return valid_until === null ? null : new Date(valid_until);
}
