import { ADMIN_PATHS, createdLicenseSchema } from '@tillcast/protocol/http/admin-api';
import { runCommand } from '../../support/command.ts';
import type { TestLicense } from '../../support/guarded-system.ts';
import { API_KEY, type Cluster } from './cluster.ts';
import { PRODUCTS_FILE } from './price-stream.ts';

/** Licenses with a real shop's catalog, whose prices change. */
export const SHOPS: readonly string[] = ['ONE', 'TWO', 'THREE', 'FOUR', 'FIVE'].map(
  (name) => `CLUSTER-LIFE-${name}`,
);
/** A license of which nothing changes, so that its tills must hear nothing. */
export const QUIET_SHOP = 'CLUSTER-LIFE-QUIET';

/** Creates the license, with the catalog where prices change. */
export async function createShop(cluster: Cluster, key: string): Promise<TestLicense> {
  const answer = await cluster.fetch(cluster.apiUrl + ADMIN_PATHS.licenses, {
    method: 'POST',
    headers: { authorization: `Bearer ${API_KEY}`, 'content-type': 'application/json' },
    body: JSON.stringify({ key, terminals_max: 100 }),
  });
  const text = await answer.text();
  if (!answer.ok) throw new Error(`${key} was not created: ${answer.status} ${text}`);
  const license = { key, activationCode: createdLicenseSchema.parse(JSON.parse(text)).activation_code };
  if (key === QUIET_SHOP) return license;
  const argv = ['import', PRODUCTS_FILE, '--license', key];
  const imported = await runCommand(argv, { env: cluster.shell, cwd: cluster.folder });
  if (imported.code !== 0) throw new Error(`The catalog of ${key} was not imported: ${imported.err}`);
  return license;
}
