import { parseLicenseKey } from '@tillcast/protocol/license-key';
import { BROADCAST_TYPES, CHANGE_TYPES } from '@tillcast/protocol/message-type';
import { broadcastRoutingKey, parseRoutingKey, routingKeyOf, topicMatches } from '@tillcast/protocol/routing';
import { expect, test } from 'vitest';

const KEY = parseLicenseKey('EXTRO-LIFE-ABC123');

test.each(CHANGE_TYPES)('[W1] the routing key of a %s reads back as it was made', (type) => {
  expect(parseRoutingKey(routingKeyOf(KEY, type))).toEqual({ kind: 'change', licenseKey: KEY, type });
});

test.each(BROADCAST_TYPES)('[W1] the routing key of a broadcast %s reads back as it was made', (type) => {
  expect(parseRoutingKey(broadcastRoutingKey(type))).toEqual({ kind: 'broadcast', type });
});

test.each([
  'license.*.price_update',
  'license.EXTRO-LIFE-ABC123.broadcast.system_notice',
  'license.EXTRO-LIFE-ABC123.system_notice',
  'license.EXTRO-LIFE-ABC123',
  'license.EXTRO-LIFE-ABC123.price_update.more',
  'license.extro.price_update',
  'license.*.broadcast.price_update',
  'license.*.broadcast.system_notice.more',
  'other.EXTRO-LIFE-ABC123.price_update',
  '',
  'license..price_update',
])('[W1] %j is no routing key of ours', (routingKey) => {
  expect(parseRoutingKey(routingKey)).toBeNull();
});

test.each([
  ['license.A.#', 'license.A', true],
  ['license.A.#', 'license.A.x', true],
  ['license.A.#', 'license.A.x.y', true],
  ['license.A.#', 'license.B.x', false],
  ['license.*.x', 'license.A.x', true],
  ['license.*.x', 'license.A.B.x', false],
  ['#', '', true],
  ['#', 'a.b', true],
  ['#.b.#', 'a.b.c', true],
  ['#.b.#', 'a.c', false],
  ['a.*', 'a', false],
] as const)('the model of topic matching says that %s and %s match: %s', (pattern, key, matches) => {
  expect(topicMatches(pattern, key)).toBe(matches);
});
