import { formatActivationCode } from '@tillcast/protocol/identity/activation-code';
import { isLicenseKey } from '@tillcast/protocol/license-key';
import fc from 'fast-check';
import { expect, test } from 'vitest';
import { allRight, checkField, type SetupFields, tidyKey } from '../src/setup/checks.ts';

const right: SetupFields = {
  key: 'extro-life-abc123 ',
  code: formatActivationCode(new Uint8Array(16).fill(7)).toLowerCase(),
  name: 'Counter 1',
  server: 'https://tills.example.com',
};

test('[L1] the set-up page takes for a license key what the protocol takes for one', () => {
  const near = fc.string({
    unit: fc.constantFrom('A', 'B', 'Z', '0', '1', '9', '-', '.', '*', '#'),
    maxLength: 70,
  });
  fc.assert(
    fc.property(near, (key) => {
      fc.pre(key.trim() !== '');
      expect(checkField('key', { ...right, key }) === 'right').toBe(isLicenseKey(tidyKey(key)));
    }),
  );
});

test('a field is empty, wrong or right, and only when all are right can the till be activated', () => {
  expect(allRight(right)).toBe(true);
  expect(checkField('code', { ...right, code: '4T3ZK' })).toBe('wrong');
  expect(checkField('name', { ...right, name: ' ' })).toBe('empty');
  expect(checkField('server', { ...right, server: 'http://tills.example.com' })).toBe('wrong');
  expect(checkField('server', { ...right, server: 'http://127.0.0.1:8100' })).toBe('right');
  expect(allRight({ ...right, code: '' })).toBe(false);
});
