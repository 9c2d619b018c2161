import { describe, expect, test } from 'vitest';
import { mapRow, planMapping } from '../src/import/csv-mapping.ts';
import { csvRows } from '../src/import/csv-rows.ts';
import { jsonRows } from '../src/import/json-rows.ts';
import { operationsOfCsv, operationsOfJson } from '../src/import/operations.ts';
import { slugOf } from '../src/import/slug.ts';
import { collect } from './collect.ts';

/** The text in small chunks, so that every boundary is met. */
async function* chunks(text: string, size = 3): AsyncGenerator<Buffer> {
  const bytes = Buffer.from(text);
  for (let at = 0; at < bytes.length; at += size) yield bytes.subarray(at, at + size);
}

const rowsOf = (text: string): Promise<unknown[]> => collect(csvRows(chunks(text)));

describe('reading CSV', () => {
  test.each([
    ['LF', 'a,b\n1,2\n'],
    ['CRLF', 'a,b\r\n1,2\r\n'],
    ['a byte order mark', '\uFEFFa,b\n1,2\n'],
    ['no line break at the end', 'a,b\n1,2'],
  ])('%s', async (_, text) => {
    expect(await rowsOf(text)).toEqual([
      { line: 1, value: ['a', 'b'] },
      { line: 2, value: ['1', '2'] },
    ]);
  });

  test('quotes hold commas, quotes and line breaks, and the lines after them are counted right', async () => {
    expect(await rowsOf('a,b\n"x, ""y""","1\n2"\n3,4\n')).toEqual([
      { line: 1, value: ['a', 'b'] },
      { line: 2, value: ['x, "y"', '1\n2'] },
      { line: 4, value: ['3', '4'] },
    ]);
  });

  test('a row of another width is bad and the next one is read; blank lines count as lines', async () => {
    expect(await rowsOf('a,b\n1\n\n3,4\n1,2,3\n')).toEqual([
      { line: 1, value: ['a', 'b'] },
      { line: 2, bad: 'has 1 cells, and the header has 2' },
      { line: 4, value: ['3', '4'] },
      { line: 5, bad: 'has 3 cells, and the header has 2' },
    ]);
  });

  test('a quote that is never closed is told with the line where it begins', async () => {
    const rows = await rowsOf('a,b\n1,2\n"x,4\n5,6\n');
    expect(rows.at(-1)).toMatchObject({ bad: expect.stringContaining('never closed') });
  });

  test('letters of more than one byte survive being cut between chunks', async () => {
    expect(await rowsOf('náme\nÉclair €\n')).toEqual([
      { line: 1, value: ['náme'] },
      { line: 2, value: ['Éclair €'] },
    ]);
  });
});

describe('mapping columns', () => {
  const retail = ['sku', 'name', 'category', 'price_pence', 'first_sold_at'];
  const none = { map: [], currency: undefined };

  test('the retail file needs no map: pence are pounds, the category becomes an id', () => {
    const mapping = planMapping('product', retail, none);
    expect(mapping.unused).toEqual(['first_sold_at']);
    expect(mapRow(mapping, ['85123A', ' WHITE HEART ', 'Candles & T-lights', '255', '2010'])).toEqual({
      item: {
        id: '85123A',
        name: 'WHITE HEART',
        price: 2.55,
        currency: 'GBP',
        category_id: 'candles-t-lights',
      },
      categoryName: 'Candles & T-lights',
    });
  });

  test('a map goes before what the headings say, and a column feeds one field', () => {
    const mapping = planMapping('product', ['id', 'number', 'name', 'gross'], {
      map: ['id=number', 'price=gross'],
      currency: planMapping('product', retail, none).currency,
    });
    expect(mapping.unused).toEqual(['id']);
    expect(mapRow(mapping, ['1', 'N7', 'Tea', '2.40']).item).toMatchObject({ id: 'N7', price: 2.4 });
  });

  test.each([
    ['no price', ['id', 'name'], [], 'no column for price'],
    ['no currency', ['id', 'name', 'price'], [], '--currency'],
    ['a column that is not there', retail, ['id=nummer'], 'names the column "nummer"'],
    ['a field that is not there', retail, ['colour=name'], 'cannot fill "colour"'],
    ['half a pair', retail, ['id'], 'field=column'],
  ])('%s is a usage error', (_, header, map, said) => {
    expect(() => planMapping('product', header, { map, currency: undefined })).toThrow(said);
  });

  test('empty cells take defaults; lists, numbers and truth are read', () => {
    const mapping = planMapping(
      'product',
      ['id', 'name', 'price', 'currency', 'modifier_ids', 'available', 'barcode'],
      none,
    );
    expect(mapRow(mapping, ['t', 'Tea', '2.4', 'EUR', 'milk|size', 'no', '']).item).toEqual({
      id: 't',
      name: 'Tea',
      price: 2.4,
      currency: 'EUR',
      modifier_ids: ['milk', 'size'],
      available: false,
    });
    expect(() => mapRow(mapping, ['t', 'Tea', '2,4', 'EUR', '', '', ''])).toThrow('not a plain number');
    expect(() => mapRow(mapping, ['t', 'Tea', '2', 'EUR', '', 'maybe', ''])).toThrow(
      'neither true nor false',
    );
  });

  test.each([
    ['Candles & T-lights', 'candles-t-lights'],
    ['  Crème brûlée!  ', 'creme-brulee'],
    ['紅茶', '紅茶'],
    ['&', 'other'],
    [`${'long '.repeat(40)}`, `${'long-'.repeat(12)}long`],
  ])('the id of %j is %j', (name, id) => {
    expect(slugOf(name)).toBe(id);
  });
});

describe('operations', () => {
  test('a category comes before the first product that names it, once', async () => {
    const text = 'sku,name,category,price_pence\n1,A,Tea,100\n2,B,Tea,200\n3,C,Cake,300\n';
    const rows = await collect(
      operationsOfCsv(csvRows(chunks(text)), { kind: 'product', map: [], currency: undefined }),
    );
    const kinds = rows.map((row) => ('value' in row ? row.value.map((json) => JSON.parse(json).kind) : row));
    expect(kinds).toEqual([['category', 'product'], ['product'], ['category', 'product']]);
  });

  test('bad rows keep their lines and say what is wrong', async () => {
    const text = 'id,name,price,currency\n1,A,1.005,GBP\n2,,1,GBP\n3,C,1,XXX\n4,D,1,GBP\n';
    const rows = await collect(
      operationsOfCsv(csvRows(chunks(text)), { kind: 'product', map: [], currency: undefined }),
    );
    expect(rows.map((row) => ('bad' in row ? `${row.line} ${row.bad}` : 'good'))).toEqual([
      expect.stringMatching(/^2 \/price must be a price/),
      expect.stringMatching(/^3 \/name /),
      expect.stringMatching(/^4 \/currency must be an ISO 4217 code/),
      'good',
    ]);
  });

  test('JSON lines are operations, or items of the kind', async () => {
    const lines = [
      '{"op":"delete","kind":"table","id":"t1"}',
      '',
      '{"id":"t2","name":"Two"}',
      '{"op":"set_price","product_id":"x","price":1.005,"currency":"GBP"}',
      '{"op":"explode"}',
      '{oops',
      '[1]',
    ];
    const rows = await collect(operationsOfJson(jsonRows(chunks(`\uFEFF${lines.join('\r\n')}`)), 'table'));
    expect(rows.map((row) => ('bad' in row ? `${row.line} bad` : `${row.line} good`))).toEqual([
      '1 good',
      '3 good',
      '4 bad',
      '5 bad',
      '6 bad',
      '7 bad',
    ]);
  });
});
