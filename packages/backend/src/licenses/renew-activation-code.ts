import type { LicenseKey } from '@tillcast/protocol/license-key';
import { appendAudit } from '../audit/append-audit.ts';
import type { Database } from '../database/database.ts';
import { command } from '../database/statement.ts';
import { hashOfCode, newActivationCode } from '../identity/activation-codes.ts';
import { getLicense } from './find-license.ts';
import { refuseWhereRevoked } from './set-license-status.ts';

const UPDATE = command(
  'update_activation_code',
  'UPDATE licenses SET activation_code_hash = $2 WHERE id = $1',
);

/**
 * Gives a license another activation code: the one before is worth nothing from then on. Terminals that are
 * active stay so, and seats that wait keep their codes.
 * @returns the code, which is shown this once
 * @throws TillcastError `license_not_found`, `license_revoked`
 */
export async function renewActivationCode(
  database: Database,
  key: LicenseKey,
  context: { readonly now: () => Date },
): Promise<string> {
  const code = newActivationCode();
  const hash = await hashOfCode(key, code);
  await database.ofLicense(key).transaction(async (session) => {
    const license = await getLicense(session, key);
    refuseWhereRevoked(license);
    await session.query(UPDATE, [license.id, hash]);
    const act = { actor: 'operator', act: 'license.activation_code_renewed', subject: key };
    await appendAudit(session, act, context.now());
  });
  return code;
}
