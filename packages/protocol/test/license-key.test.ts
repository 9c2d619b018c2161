import { TillcastError } from '@tillcast/protocol/errors';
import {
  isLicenseKey,
  licenseEndOf,
  licenseKeySchema,
  licenseTermOf,
  parseLicenseKey,
} from '@tillcast/protocol/license-key';
import { BROADCAST_TYPES, CHANGE_TYPES } from '@tillcast/protocol/message-type';
import { bindingsOf, broadcastRoutingKey, routingKeyOf, topicMatches } from '@tillcast/protocol/routing';
import fc from 'fast-check';
import { describe, expect, test } from 'vitest';

const keyArbitrary = fc
  .array(fc.stringMatching(/^[A-Z0-9]{1,12}$/), { minLength: 1, maxLength: 5 })
  .map((parts) => parts.join('-'))
  .filter(isLicenseKey);

describe('license keys', () => {
  test.each(['EXTRO-LIFE-ABC123', 'EXTRO-1MTR-9', 'ABCDEF', '123456', 'A-B-C-D', 'A'.repeat(64)])(
    '[L1] %s is a license key',
    (key) => {
      expect(parseLicenseKey(key)).toBe(key);
      expect(licenseKeySchema.parse(key)).toBe(key);
    },
  );

  test.each([
    ['a dot', 'EXTRO.LIFE'],
    ['a star', 'EXTRO-*'],
    ['a hash', 'EXTRO-#'],
    ['a lone star', '*'],
    ['a percent sign', 'EXTRO-%2A'],
    ['a NUL', 'EXTRO-LIFE\0'],
    ['a space', 'EXTRO LIFE'],
    ['a trailing newline', 'EXTRO-LIFE\n'],
    ['lower case', 'extro-life'],
    ['a Cyrillic look-alike', 'ЕXTRO-LIFE'],
    ['a full-width look-alike', 'ＥXTRO-LIFE'],
    ['a dotless i', 'EXTRO-LıFE'],
    ['a leading hyphen', '-EXTRO'],
    ['a trailing hyphen', 'EXTRO-'],
    ['two hyphens in a row', 'EXTRO--LIFE'],
    ['five characters', 'ABCDE'],
    ['65 characters', 'A'.repeat(65)],
    ['300 characters', 'A'.repeat(300)],
    ['nothing', ''],
    ['a number', 123456],
    ['null', null],
    ['an array that prints as a key', ['EXTRO-LIFE-ABC123']],
  ])('[L1] a key with %s is refused, and the error says what a key looks like', (_, value) => {
    expect(isLicenseKey(value)).toBe(false);
    expect(licenseKeySchema.safeParse(value).success).toBe(false);
    expect(() => parseLicenseKey(value)).toThrow(TillcastError);
    expect(() => parseLicenseKey(value)).toThrow(/A-Z, 0-9 and single inner hyphens/);
  });

  test('[L2] no license receives what is sent to another, whatever their keys', () => {
    fc.assert(
      fc.property(keyArbitrary, keyArbitrary, fc.constantFrom(...CHANGE_TYPES), (a, b, type) => {
        const received = bindingsOf(b).some((binding) => topicMatches(binding, routingKeyOf(a, type)));
        expect(received).toBe(a === b);
      }),
      { numRuns: 20_000 },
    );
  });

  test('[L2] a string near a key either is refused or is a license of its own', () => {
    const near = fc
      .tuple(keyArbitrary, fc.string({ unit: 'binary', maxLength: 3 }), fc.nat(70))
      .map(([key, extra, at]) => {
        const index = at % (key.length + 1);
        return key.slice(0, index) + extra + key.slice(index);
      });
    fc.assert(
      fc.property(keyArbitrary, near, (key, other) => {
        if (!isLicenseKey(other) || other === key) return;
        expect(topicMatches(bindingsOf(key)[0], routingKeyOf(other, 'price_update'))).toBe(false);
      }),
      { numRuns: 100_000 },
    );
  });

  test('[L3] every license receives every broadcast, by the second binding alone', () => {
    fc.assert(
      fc.property(keyArbitrary, fc.constantFrom(...BROADCAST_TYPES), (key, type) => {
        const [own, broadcasts] = bindingsOf(key);
        expect(topicMatches(own, broadcastRoutingKey(type))).toBe(false);
        expect(topicMatches(broadcasts, broadcastRoutingKey(type))).toBe(true);
      }),
    );
  });
});

describe('license terms', () => {
  test.each([
    ['EXTRO-LIFE-ABC123', 'LIFE', null],
    ['EXTRO-1MTR-ABC123', '1MTR', '2027-02-28T10:00:00.000Z'],
    ['EXTRO-3MTR-ABC123', '3MTR', '2027-04-30T10:00:00.000Z'],
    ['EXTRO-ABC123', 'OTHER', null],
  ] as const)('[L4] %s is of the term %s, and begun on 31 January it ends at %s', (key, term, end) => {
    expect(licenseTermOf(parseLicenseKey(key))).toBe(term);
    expect(licenseEndOf(term, new Date('2027-01-31T10:00:00.000Z'))?.toISOString() ?? null).toBe(end);
  });
});
