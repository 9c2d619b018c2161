import fc from 'fast-check';
import { expect, test } from 'vitest';
import { SALES_SCOPE, scopesOf } from '../../src/identity/scopes.ts';
import { isLicenseKey, type LicenseKey, parseLicenseKey } from '../../src/license-key.ts';

/** A scope as RabbitMQ's OAuth 2 plugin takes it apart. */
interface Scope {
  readonly permission: string;
  readonly virtualHost: string;
  readonly name: string;
  readonly routingKey: string | null;
}

function parsed(scope: string): Scope {
  const [, permission = '', rest = ''] = /^([a-z]+):(.*)$/.exec(scope) ?? [];
  const [virtualHost = '', name = '', routingKey = null] = rest.split('/');
  return { permission, virtualHost, name, routingKey };
}

/** The plugin's wildcard match: only a bare `*` is one; what is percent-encoded stands for itself. */
function matches(pattern: string, text: string): boolean {
  const literal = (part: string): string =>
    decodeURIComponent(part).replaceAll(/[\\^$.*+?()[\]{}|/-]/g, String.raw`\$&`);
  return new RegExp(`^${pattern.split('*').map(literal).join('.*')}$`, 's').test(text);
}

/** Whether any of the scopes allows this on a queue (`routingKey` null) or on an exchange's keys. */
function allows(
  scopes: readonly string[],
  permission: string,
  name: string,
  routingKey: string | null,
): boolean {
  return scopes.map(parsed).some((scope) => {
    if (scope.permission !== permission || !matches(scope.name, name)) return false;
    if (routingKey === null) return scope.routingKey === null;
    return scope.routingKey !== null && matches(scope.routingKey, routingKey);
  });
}

const EXCHANGE = 'pos_license_events';
const ID = '0192f0c1-7a52-4c3e-9d3a-3f1c6f1d2a10';
const OTHER_ID = '0192f0c1-7a52-4c3e-9d3a-3f1c6f1d2a11';

/** Short and alike, so that one is often the beginning, the end or a part of the other. */
const key: fc.Arbitrary<LicenseKey> = fc
  .array(fc.stringMatching(/^[AB0]{1,4}$/), { minLength: 1, maxLength: 4 })
  .map((parts) => parts.join('-').padEnd(6, 'A'))
  .filter(isLicenseKey);

const related: fc.Arbitrary<readonly [LicenseKey, LicenseKey]> = fc
  .tuple(key, key, fc.constantFrom('', '-A', 'A', '-', 'B-'))
  .map(([one, two, more]): readonly [string, string] => [one, more === '' ? two : `${one}${more}`])
  .filter(
    (pair): pair is readonly [LicenseKey, LicenseKey] => pair.every(isLicenseKey) && pair[0] !== pair[1],
  );

test('[G11] of 100,000 pairs of license keys, no scope of one matches a routing key or binding of the other', () => {
  fc.assert(
    fc.property(related, fc.constantFrom('price_update', 'license_update', '#', '*'), ([one, two], last) => {
      const own = allows(scopesOf(one, ID), 'read', EXCHANGE, `license.${one}.${last}`);
      const others = allows(scopesOf(one, ID), 'read', EXCHANGE, `license.${two}.${last}`);
      return own && !others;
    }),
    { numRuns: 100_000 },
  );
}, 60_000);

test('[G11] a wildcard binding, or one that reaches further, is in no license’s scopes', () => {
  const scopes = scopesOf(parseLicenseKey('EXTRO-LIFE-ABC123'), ID);
  const reaches = (routingKey: string): boolean => allows(scopes, 'read', EXCHANGE, routingKey);
  for (const binding of [
    '#',
    '*',
    'license.#',
    'license.*',
    'license.*.#',
    'license.*.price_update',
    'license.*.*.#',
    'license.#.EXTRO-LIFE-ABC123.#',
    '*.EXTRO-LIFE-ABC123.#',
    'license.*.broadcast',
    'license.*.broadcast.*',
    'license.*.broadcast.system_notice',
    'license.EXTRO-LIFE-ABC123',
    'license.EXTRO-LIFE-ABC1234.price_update',
    'license.extro-life-abc123.price_update',
    'license.%2A.broadcast.%23',
    ' license.EXTRO-LIFE-ABC123.#',
    '',
  ]) {
    expect(reaches(binding), binding).toBe(false);
  }
  expect(reaches('license.EXTRO-LIFE-ABC123.#')).toBe(true);
  expect(reaches('license.*.broadcast.#')).toBe(true);
});

test('[G11] a terminal has its own queues, no other terminal’s, and never writes to the exchange', () => {
  const scopes = scopesOf(parseLicenseKey('EXTRO-LIFE-ABC123'), ID);
  for (const permission of ['configure', 'write', 'read']) {
    expect(allows(scopes, permission, `terminal.${ID}.x7f`, null)).toBe(true);
    expect(allows(scopes, permission, `terminal.${OTHER_ID}.x7f`, null)).toBe(false);
    for (const name of [`terminal.${ID}`, `terminal.${ID}x.7f`, 'terminal.*', 'amq.gen-1', EXCHANGE, '']) {
      expect(allows(scopes, permission, name, null), `${permission} ${name}`).toBe(false);
    }
  }
  for (const permission of ['configure', 'write']) {
    for (const routingKey of ['license.EXTRO-LIFE-ABC123.price_update', 'license.*.broadcast.#', '#']) {
      expect(allows(scopes, permission, EXCHANGE, routingKey)).toBe(false);
    }
  }
  expect(allows([SALES_SCOPE], 'read', EXCHANGE, 'license.EXTRO-LIFE-ABC123.#')).toBe(false);
});
