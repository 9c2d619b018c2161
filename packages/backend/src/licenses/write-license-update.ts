import type { LicenseUpdate } from '@tillcast/protocol/messages/payload';
import type { Head } from '../catalog/head.ts';
import { changeOf, writeChange } from '../catalog/write-change.ts';
import type { Session } from '../database/database.ts';
import type { MessageSigner } from '../keys/key-ring.ts';

/**
 * Writes what a license may do now as a numbered `license_update` without rows, so that its tills hear of it
 * in order with all else. The head must be locked by this transaction.
 */
export async function writeLicenseUpdate(
  session: Session,
  head: Head,
  update: { readonly status: LicenseUpdate['status']; readonly validUntil: Date | null },
  context: { readonly at: Date; readonly signer: MessageSigner },
): Promise<void> {
  const payload: LicenseUpdate = {
    status: update.status,
    valid_until: update.validUntil?.toISOString() ?? null,
  };
  const content = {
    type: 'license_update',
    digest: head.digest,
    payload: JSON.stringify(payload),
    committedAt: context.at,
  } as const;
  const change = changeOf(head, content, context.signer);
  await writeChange(session, head, { change, rows: [], liveItemsAdded: 0 });
}
