import { TillcastError } from '@tillcast/protocol/errors';
import { expect, test } from 'vitest';
import { parseBackendConfig } from '../../src/config/backend-config.ts';
import type { IdentityOptions } from '../../src/identity/identity-options.ts';

type Variables = Readonly<Record<string, string>>;

function identityOf(env: Variables): IdentityOptions {
  return parseBackendConfig(env).identity;
}

function refusal(env: Variables): string {
  try {
    parseBackendConfig(env);
  } catch (error) {
    if (error instanceof TillcastError && error.code === 'configuration_invalid') return error.message;
    throw error;
  }
  throw new Error('This configuration was taken.');
}

test('[G8] a license key alone is taken only where it is said, and never in production', () => {
  expect(identityOf({}).auth).toBe('token');
  expect(identityOf({ TILLCAST_AUTH: 'license-key' }).auth).toBe('license-key');
  expect(refusal({ TILLCAST_AUTH: 'none' })).toContain('TILLCAST_AUTH');
  expect(refusal({ TILLCAST_AUTH: 'license-key', NODE_ENV: 'production' })).toMatch(
    /TILLCAST_AUTH must be token/,
  );
});

test('tills are told the broker’s addresses without any login', () => {
  const urls = 'amqp://user:secret@127.0.0.1:5672/a,amqp://127.0.0.1:5673/b';
  expect(identityOf({ AMQP_URL: urls }).terminalAmqpUrls).toEqual([
    'amqp://127.0.0.1:5672/a',
    'amqp://127.0.0.1:5673/b',
  ]);
  const told = { TILLCAST_TERMINAL_AMQP_URLS: 'amqps://rabbit.example.com:5671/tillcast' };
  expect(identityOf(told).terminalAmqpUrls).toEqual(['amqps://rabbit.example.com:5671/tillcast']);
  const withLogin = refusal({ TILLCAST_TERMINAL_AMQP_URLS: 'amqps://user:hush@rabbit.example.com' });
  expect(withLogin).toContain('no user and no password');
  expect(withLogin).not.toContain('hush');
  for (const wrong of ['http://rabbit.example.com', 'rabbit', 'amqps://', ',']) {
    expect(refusal({ TILLCAST_TERMINAL_AMQP_URLS: wrong }), wrong).toContain('TILLCAST_TERMINAL_AMQP_URLS');
  }
});

test('this deployment’s name is its own address, or what the operator says', () => {
  expect(identityOf({ PORT: '9000' }).issuer).toBe('http://localhost:9000');
  expect(identityOf({ TILLCAST_PUBLIC_URL: 'https://tillcast.example.com/' }).issuer).toBe(
    'https://tillcast.example.com',
  );
  for (const wrong of [
    'tillcast.example.com',
    'ftp://x.example.com',
    'https://u:p@x.example.com',
    'https://x?y',
  ]) {
    expect(refusal({ TILLCAST_PUBLIC_URL: wrong }), wrong).toContain('TILLCAST_PUBLIC_URL');
  }
});

test('tokens live from 5 s to an hour', () => {
  expect(identityOf({ TILLCAST_TOKEN_LIFETIME_S: '5' }).tokenLifetimeS).toBe(5);
  for (const wrong of ['4', '3601', '1e2']) {
    expect(refusal({ TILLCAST_TOKEN_LIFETIME_S: wrong })).toContain('TILLCAST_TOKEN_LIFETIME_S');
  }
  expect(identityOf({ TILLCAST_SALES_GRACE_H: '0' }).salesGraceH).toBe(0);
});
