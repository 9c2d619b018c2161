import { DigestSum, rowDigest } from '@tillcast/protocol/digest';
import { parseLicenseKey } from '@tillcast/protocol/license-key';
import { TillStore } from '../src/store/till-store.ts';
import { product } from './model-catalog.ts';

// Adds 100 products with each version until the file cannot grow; then says what became of it.
const [, , path = ''] = process.argv;
const store = new TillStore({
  path,
  licenseKey: parseLicenseKey('EXTRO-LIFE-ABC123'),
  onSetAside: ({ reason }) => {
    throw new Error(reason);
  },
});
const sum = new DigestSum();
for (let version = 1; ; version += 1) {
  const rows = Array.from({ length: 100 }, (_, index) => product(`${version} ${index}`, version));
  for (const { kind, id, body } of rows) sum.add(rowDigest(kind, id, body ?? ''));
  const target = { epoch: 'epoch00001', version, digest: sum.toString() };
  const outcome = store.applyRows(rows, target, () => []);
  if (outcome.outcome === 'applied') continue;
  const shown = store.bodies('product').length;
  process.stdout.write(JSON.stringify({ outcome: outcome.outcome, version, shown, cursor: store.cursor }));
  break;
}
