import { TillcastError } from '@tillcast/protocol/errors';
import { rowOf } from '@tillcast/protocol/items/item';
import { parseLicenseKey } from '@tillcast/protocol/license-key';
import { CHANGE_TYPES, type ChangeType } from '@tillcast/protocol/message-type';
import { type Edit, editsOf } from '@tillcast/protocol/messages/edits';
import {
  type BroadcastMessage,
  decodeMessage,
  encodeBroadcast,
  encodeChange,
  type Message,
} from '@tillcast/protocol/messages/envelope';
import { describe, expect, test } from 'vitest';

const HEAD = {
  id: '0192f0c1-2b3c-7d4e-8f50-112233445566',
  license_key: parseLicenseKey('EXTRO-LIFE-ABC123'),
  epoch: 'k3v9m2x7q1',
  version: 42,
  digest: '9f86d081884c7d65',
  timestamp: '2026-11-23T14:03:22.118Z',
} as const;
const PRODUCT = rowOf('product', { id: 'P1', name: 'Cappuccino', price: 12.99, currency: 'GBP' }).body;
const DELETED = { id: 'X1' };

const PAYLOADS: Readonly<Record<ChangeType, unknown>> = {
  price_update: { product_id: 'P1', product_name: 'Cappuccino', new_price: 12.99, currency: 'GBP' },
  product_update: JSON.parse(PRODUCT),
  product_delete: DELETED,
  category_update: JSON.parse(rowOf('category', { id: 'C', name: 'Coffee' }).body),
  category_delete: DELETED,
  modifier_update: JSON.parse(
    rowOf('modifier', { id: 'M', name: 'Milk', currency: 'GBP', options: [{ id: 'O', name: 'Oat' }] }).body,
  ),
  modifier_delete: DELETED,
  table_update: JSON.parse(rowOf('table', { id: 'T', name: 'Table 1' }).body),
  table_delete: DELETED,
  user_update: JSON.parse(rowOf('user', { id: 'U', name: 'Mia' }).body),
  user_delete: DELETED,
  catalog_update: { count: 1, rows: [{ kind: 'product', id: 'P1', item: JSON.parse(PRODUCT) }] },
  license_update: { status: 'suspended', valid_until: null },
};

function encoded(type: ChangeType, payload: unknown = PAYLOADS[type]): string {
  return encodeChange({ ...HEAD, type }, JSON.stringify(payload));
}

function editsIn(message: Message): readonly Edit[] | null {
  if (message.type === 'broadcast.system_notice') throw new Error('a broadcast edits nothing');
  return editsOf(message);
}

const BROADCAST: BroadcastMessage = {
  id: HEAD.id,
  type: 'broadcast.system_notice',
  license_key: '*',
  timestamp: HEAD.timestamp,
  expires_at: '2026-11-24T14:03:22.118Z',
  payload: { message: 'Maintenance at 22:00', severity: 'info' },
};

describe('the envelope', () => {
  test.each(CHANGE_TYPES)('[W2] a %s reads back as it was written', (type) => {
    expect(decodeMessage(encoded(type))).toEqual({ ...HEAD, type, payload: PAYLOADS[type] });
  });

  test('[W2] a broadcast reads back as it was written', () => {
    expect(decodeMessage(encodeBroadcast(BROADCAST))).toEqual(BROADCAST);
  });

  test('[W3] fields unknown here do not stand in the way', () => {
    const text = encoded('price_update').replace('{', '{"from_the_future":1,');
    expect(decodeMessage(text)).toMatchObject({ type: 'price_update', version: 42 });
  });

  test.each<[string, string]>([
    ['no JSON', '{'],
    ['empty', ''],
    ['null', 'null'],
    ['an array', '[]'],
    ['of an unknown type', encoded('price_update').replace('price_update', 'price_drop')],
    [
      'of a type that Object.prototype has',
      encoded('price_update').replace('"price_update"', '"constructor"'),
    ],
    ['for a key with a wildcard', encoded('price_update').replace(HEAD.license_key, 'EXTRO-*')],
    ['a broadcast for one license', encodeBroadcast(BROADCAST).replace('"*"', `"${HEAD.license_key}"`)],
    ['a broadcast without an expiry', encodeBroadcast(BROADCAST).replace('expires_at', 'expired_at')],
    ['of version 0', encoded('price_update').replace('"version":42', '"version":0')],
    [
      'of a version beyond 2^53',
      encoded('price_update').replace('"version":42', '"version":9007199254740993'),
    ],
    ['with a version as text', encoded('price_update').replace('"version":42', '"version":"42"')],
    ['without a digest', encoded('price_update').replace('digest', 'digestive')],
    ['with a negative price', encoded('price_update').replace('12.99', '-12.99')],
    ['with a price too precise', encoded('price_update').replace('12.99', '12.999')],
    ['with an unknown currency', encoded('price_update').replace('GBP', 'GBX')],
    ['an update without its item', encoded('product_update', {})],
    [
      'a row whose item has another id',
      encoded('catalog_update', {
        count: 1,
        rows: [{ kind: 'product', id: 'P2', item: JSON.parse(PRODUCT) }],
      }),
    ],
    [
      'a row of an unknown kind',
      encoded('catalog_update', { count: 1, rows: [{ kind: 'coupon', id: 'P1', item: null }] }),
    ],
  ])('[W4] a message that is %s is refused with its reason', (_, text) => {
    let refusal: unknown;
    try {
      decodeMessage(text);
    } catch (error) {
      refusal = error;
    }
    expect(refusal).toBeInstanceOf(TillcastError);
    expect(refusal).toMatchObject({ code: 'message_invalid' });
  });
});

describe('edits', () => {
  test('[W5] an item goes through the message as the very text that was stored', () => {
    const message = decodeMessage(encodeChange({ ...HEAD, type: 'product_update' }, PRODUCT));
    expect(editsIn(message)).toEqual([{ edit: 'write', row: { kind: 'product', id: 'P1', body: PRODUCT } }]);
  });

  test('[W5] fields of an item that are unknown here go through as well', () => {
    const body = PRODUCT.replace('}', ',"from_the_future":[1,{"z":1,"a":2}]}');
    const message = decodeMessage(encodeChange({ ...HEAD, type: 'product_update' }, body));
    expect(editsIn(message)).toEqual([{ edit: 'write', row: { kind: 'product', id: 'P1', body } }]);
  });

  test('[W6] a catalog update too large for its rows says to pull', () => {
    const message = decodeMessage(encoded('catalog_update', { count: 5000, rows: null }));
    expect(editsIn(message)).toBeNull();
  });

  test('[W6] a license update changes no row', () => {
    const message = decodeMessage(encoded('license_update'));
    expect(editsIn(message)).toEqual([]);
  });
});
