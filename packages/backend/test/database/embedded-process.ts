/** Commits to an embedded database until it is killed, telling each version that was acknowledged. */
import { parseLicenseKey } from '@tillcast/protocol/license-key';
import { commit } from '../../src/catalog/commit.ts';
import { ensureLicense } from '../../src/licenses/create-license.ts';
import { context, open, product } from '../contract/fixture.ts';

const [dataDir] = process.argv.slice(2);
if (dataDir === undefined) throw new Error('usage: embedded-process.ts DIRECTORY');

const database = await open({ dataDir });
const key = parseLicenseKey('KILLED-LIFE-1');
await ensureLicense(database, key, context);
for (let price = 1; price < 100_000; price += 1) {
  const { version } = await commit(database, key, [product('P', price)], context);
  process.send?.(version);
}
