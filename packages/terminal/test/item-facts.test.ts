import { expect, test } from 'vitest';
import { factsOf } from '../src/replica/item-facts.ts';

test('of a text that a bad disk changed there are no facts, and no error that would keep it from being mended', () => {
  const body = '{"id":"P1","name":"Cappuccino","price":3.6,"currency":"GBP"}';
  expect(factsOf(body)).toEqual({ name: 'Cappuccino', price: 3.6, currency: 'GBP' });
  const nothing = { name: null, price: null, currency: null };
  for (let at = 0; at < body.length; at += 1) {
    const flipped = body.slice(0, at) + String.fromCharCode(body.charCodeAt(at) ^ 0x55) + body.slice(at + 1);
    expect(() => factsOf(flipped)).not.toThrow();
  }
  expect(factsOf('{"id":"P1","name":')).toEqual(nothing);
  expect(factsOf(null)).toEqual(nothing);
});
