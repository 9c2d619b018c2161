import { DigestSum, rowDigest } from '@tillcast/protocol/digest';
import { parseLicenseKey } from '@tillcast/protocol/license-key';
import { TillStore } from '../src/store/till-store.ts';
import { product } from './model-catalog.ts';

// Applies version after version to the catalog file that it is given, until it is killed. Version v holds
// the products 0 to 199, all at the price v.
const [, , path = ''] = process.argv;
const store = new TillStore({
  path,
  licenseKey: parseLicenseKey('EXTRO-LIFE-ABC123'),
  onSetAside: ({ reason }) => {
    process.stdout.write(`set aside: ${reason}\n`);
    process.exit(1);
  },
});
for (let version = (store.cursor?.version ?? 0) + 1; ; version += 1) {
  const rows = Array.from({ length: 200 }, (_, index) => product(String(index), version));
  const sum = new DigestSum();
  for (const { kind, id, body } of rows) sum.add(rowDigest(kind, id, body ?? ''));
  const outcome = store.applyRows(rows, { epoch: 'epoch00001', version, digest: sum.toString() }, () => []);
  if (outcome.outcome !== 'applied') throw new Error(`Version ${version}: ${outcome.outcome}`);
  process.stdout.write(`${version}\n`);
}
