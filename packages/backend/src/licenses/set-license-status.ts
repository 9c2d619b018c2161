import { TillcastError } from '@tillcast/protocol/errors';
import type { LicenseStatus } from '@tillcast/protocol/http/admin-api';
import type { LicenseKey } from '@tillcast/protocol/license-key';
import { appendAudit } from '../audit/append-audit.ts';
import { lockHead } from '../catalog/commit-base.ts';
import type { Database } from '../database/database.ts';
import { command } from '../database/statement.ts';
import type { MessageSigner } from '../keys/key-ring.ts';
import { requestRevocation } from '../revocation/request-revocation.ts';
import { getLicense } from './find-license.ts';
import type { LicenseState } from './license.ts';
import { standingOf } from './standing.ts';
import { writeLicenseUpdate } from './write-license-update.ts';

// The first end counts: what was sold before it may be handed in for a while.
const UPDATE_STATUS = command(
  'update_license_status',
  `UPDATE licenses
  SET status = $2, ended_at = CASE WHEN $2 = 'active' THEN NULL ELSE coalesce(ended_at, $3) END
  WHERE id = $1`,
);

const ACTS: Readonly<Record<LicenseStatus, string>> = {
  active: 'license.resumed',
  suspended: 'license.suspended',
  revoked: 'license.revoked',
};

/**
 * Suspends, resumes or, for good, revokes a license: a numbered `license_update` without rows, an entry in
 * the audit log, and what the broker is to be told, in one transaction. Where the license is so already,
 * nothing changes.
 * @throws TillcastError `license_not_found`; `license_revoked` where it is, and should be anything else
 */
export function setLicenseStatus(
  database: Database,
  key: LicenseKey,
  status: LicenseStatus,
  context: { readonly now: () => Date; readonly signer: MessageSigner },
): Promise<LicenseState> {
  return database.ofLicense(key).transaction(async (session) => {
    const head = await lockHead(session, key);
    const before = await getLicense(session, key);
    if (before.status === status) return before;
    refuseWhereRevoked(before);
    const at = context.now();
    await session.query(UPDATE_STATUS, [head.licenseId, status, at]);
    await writeLicenseUpdate(
      session,
      head,
      { status, validUntil: before.validUntil },
      { at, signer: context.signer },
    );
    const after = await getLicense(session, key);
    // Resumed after its end, it stays shut.
    const kind = standingOf(after, at).valid ? 'unblock' : 'block';
    await requestRevocation(session, { licenseId: head.licenseId, terminalId: null, kind }, at);
    await appendAudit(session, { actor: 'operator', act: ACTS[status], subject: key }, at);
    return after;
  });
}

/** Revoked is for good. @throws TillcastError `license_revoked` */
export function refuseWhereRevoked({ key, status }: Pick<LicenseState, 'key' | 'status'>): void {
  if (status !== 'revoked') return;
  throw new TillcastError('license_revoked', `License ${key} is revoked, for good: create another one.`);
}
