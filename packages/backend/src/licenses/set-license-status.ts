import type { LicenseStatus } from '@tillcast/protocol/http/admin-api';
import type { LicenseKey } from '@tillcast/protocol/license-key';
import type { LicenseUpdate } from '@tillcast/protocol/messages/payload';
import { lockHead } from '../catalog/commit-base.ts';
import { changeOf, writeChange } from '../catalog/write-change.ts';
import type { Database } from '../database/database.ts';
import { instantColumn, nullable, statement } from '../database/statement.ts';
import { getLicense } from './find-license.ts';
import type { LicenseState } from './license.ts';

const UPDATE_STATUS = statement<{ validUntil: Date | null }>(
  'update_license_status',
  `UPDATE licenses SET status = $2 WHERE id = $1 AND status <> $2 RETURNING valid_until AS "validUntil"`,
  { validUntil: nullable(instantColumn) },
);

/**
 * Suspends or resumes a license: a numbered `license_update` without rows, so that its tills hear of it in
 * order with all else. Where the license is so already, nothing changes.
 * @throws TillcastError `license_not_found`
 */
export function setLicenseStatus(
  database: Database,
  key: LicenseKey,
  status: LicenseStatus,
  context: { readonly now: () => Date },
): Promise<LicenseState> {
  return database.transaction(async (session) => {
    const head = await lockHead(session, key);
    const [updated] = await session.query(UPDATE_STATUS, [head.licenseId, status]);
    if (updated !== undefined) {
      const payload: LicenseUpdate = { status, valid_until: updated.validUntil?.toISOString() ?? null };
      const change = changeOf(head, {
        type: 'license_update',
        digest: head.digest,
        payload: JSON.stringify(payload),
        committedAt: context.now(),
      });
      await writeChange(session, head, { change, rows: [], liveItemsAdded: 0 });
    }
    return getLicense(session, key);
  });
}
