import { fileURLToPath } from 'node:url';
import { expect, test } from 'vitest';
import { openSource } from '../src/import/source-file.ts';
import { parseCurrency, parsePercent, parseRate } from '../src/input/parse.ts';
import { compareDays, differences, Ledger } from '../src/simulate/ledger.ts';
import { Outages } from '../src/simulate/outages.ts';
import { readRecordedSales } from '../src/simulate/recorded-sales.ts';
import { seededRandom } from '../src/simulate/seeded-random.ts';

const GBP = parseCurrency('GBP');
const RECORDING = fileURLToPath(new URL('../../../demo/online-retail/sales_2011-09.csv.gz', import.meta.url));

async function* bytes(text: string): AsyncGenerator<Buffer> {
  yield Buffer.from(text);
}

test('the recorded sales can be read: an invoice is a sale, and the whole month is there', async () => {
  const sales = await readRecordedSales((await openSource(RECORDING)).content);
  expect(sales).toHaveLength(1_818);
  expect(sales.flatMap(({ basket }) => basket)).toHaveLength(49_055);
  expect(sales.every(({ atMs }, index) => index === 0 || atMs >= (sales[index - 1]?.atMs ?? 0))).toBe(true);
  expect(sales[0]?.basket.slice(0, 2)).toEqual([
    { productId: '20677', quantity: 8 },
    { productId: '22128', quantity: 24 },
  ]);
});

test('bad rows of a recording are told with their lines, and nothing is sold', async () => {
  const text = `at,invoice,sku,quantity
2011-09-01 08:25:00,1,A,2
yesterday,2,A,2
2011-09-01 08:25:00,3,A,0
2011-09-01 08:25:00,,A,1
2011-09-01 08:25:00,4,,1
`;
  const error = await readRecordedSales(bytes(text)).catch((thrown: unknown) => thrown);
  const lines = [3, 4, 5, 6].map((line) => ({ pointer: `line ${line}` }));
  expect(error).toMatchObject({ code: 'import_invalid', details: lines });
  const other = readRecordedSales(bytes('at,sku,quantity\n'));
  await expect(other).rejects.toMatchObject({ code: 'import_invalid' });
});

test('[K30] always as many tills are cut off as asked for, each for a while, and in time each of them', () => {
  const outages = new Outages(20, 0.1, seededRandom(7));
  const everCut = new Set<number>();
  const cutOff = new Set<number>();
  for (let nowMs = 0; nowMs < 3_600_000; nowMs += 500) {
    const { cut, mended } = outages.step(nowMs);
    for (const till of mended) expect(cutOff.delete(till)).toBe(true);
    for (const till of cut) {
      expect(cutOff.has(till)).toBe(false);
      cutOff.add(till);
      everCut.add(till);
    }
    expect(cutOff.size).toBe(2);
    expect(outages.cutOff).toEqual(cutOff);
  }
  expect(everCut.size).toBe(20);
  expect(new Set(outages.end())).toEqual(cutOff);
  expect(outages.cutOff.size).toBe(0);
});

test('all tills may be cut off, or none', () => {
  const all = new Outages(3, 1, seededRandom(1));
  expect(all.step(0).cut.toSorted((a, b) => a - b)).toEqual([0, 1, 2]);
  const later = all.step(100_000);
  expect(later.mended.toSorted((a, b) => a - b)).toEqual([0, 1, 2]);
  expect(later.cut.toSorted((a, b) => a - b)).toEqual([0, 1, 2]);
  expect(new Outages(3, 0, seededRandom(1)).step(0)).toEqual({ cut: [], mended: [] });
});

test('[K30] a sale that is missing, one too many and a penny are found, whatever was there before', () => {
  const day = (sales: number, sold: number): Parameters<typeof Ledger.ofServer>[0] => [
    { day: '2026-11-24', currency: 'GBP', sales, refunds: 0, sold, refunded: 0, tax: 0 },
  ];
  const tills = new Ledger();
  for (const minor of [235, 1_999, 10]) tills.add('2026-11-24', GBP, 1, minor);
  const before = Ledger.ofServer(day(5, 100.1));
  const compare = (sales: number, sold: number): ReturnType<typeof compareDays> =>
    compareDays(tills, before, Ledger.ofServer(day(sales, sold)));
  expect(compare(8, 122.54)).toEqual([
    {
      day: '2026-11-24',
      currency: 'GBP',
      tills: { sales: 3, amount: '22.44' },
      server: { sales: 3, amount: '22.44' },
      equal: true,
    },
  ]);
  expect(compare(8, 122.53)[0]?.equal).toBe(false);
  expect(differences(compare(7, 122.54))).toEqual({ missing: 1, surplus: 0 });
  expect(differences(compare(9, 122.54))).toEqual({ missing: 0, surplus: 1 });
  // A day on which the tills sold nothing.
  expect(compareDays(new Ledger(), before, Ledger.ofServer(day(6, 101)))[0]?.equal).toBe(false);
  expect(compareDays(new Ledger(), before, before)).toEqual([]);
});

test('[K3] rates and shares are checked', () => {
  expect([
    parseRate('2/s', '--sales'),
    parseRate('90/min', '--sales'),
    parseRate('0.5/s', '--sales'),
  ]).toEqual([2, 1.5, 0.5]);
  expect([parsePercent('10%', '--offline'), parsePercent('0', '--offline')]).toEqual([0.1, 0]);
  for (const text of ['', '2', '0/s', '-1/s', '2/day', '1e3/s'])
    expect(() => parseRate(text, '--sales'), text).toThrow(/--sales/);
  for (const text of ['', '101%', '-1%', 'ten']) {
    expect(() => parsePercent(text, '--offline'), text).toThrow(/--offline/);
  }
});
