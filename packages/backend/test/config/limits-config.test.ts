import { describe, expect, test } from 'vitest';
import { parseBackendConfig } from '../../src/config/backend-config.ts';
import { trustOf } from '../../src/http/limits/trusted-proxies.ts';

describe('limits', () => {
  test('they can be switched off, by that word alone', () => {
    expect(parseBackendConfig({ TILLCAST_RATE_LIMITS: 'off' }).limits.rates).toBe('off');
    expect(() => parseBackendConfig({ TILLCAST_RATE_LIMITS: 'no' })).toThrow(
      'TILLCAST_RATE_LIMITS must be one of default, off',
    );
  });

  test.each(['proxy.example.com', '10.0.0.0/33', '10.0.0.0/0', '0.0.0.0/1', '::/0', '10.0.0.1:80', '*'])(
    '[F3] %s is no address of a proxy, nor is everybody',
    (entry) => {
      expect(() => parseBackendConfig({ TILLCAST_TRUSTED_PROXIES: `10.0.0.5,${entry}` })).toThrow(
        'TILLCAST_TRUSTED_PROXIES must hold addresses or networks',
      );
    },
  );

  test('[F3] trust ends where the named networks do', () => {
    const { trustedProxies } = parseBackendConfig({
      TILLCAST_TRUSTED_PROXIES: '10.0.0.5, 192.168.0.0/16, 2001:db8::/32',
    }).limits;
    const isTrusted = trustOf(trustedProxies);
    for (const address of ['10.0.0.5', '::ffff:10.0.0.5', '192.168.255.1', '2001:db8:1::1']) {
      expect({ address, isTrusted: isTrusted(address) }).toEqual({ address, isTrusted: true });
    }
    for (const address of ['10.0.0.6', '192.169.0.1', '2001:db9::1', 'unknown', '']) {
      expect({ address, isTrusted: isTrusted(address) }).toEqual({ address, isTrusted: false });
    }
  });
});

describe('the management API', () => {
  test('its address holds who asks', () => {
    const { management } = parseBackendConfig({
      RABBITMQ_MANAGEMENT_URL: 'http://tillcast-guardian:p%40ss@127.0.0.1:15672',
    });
    expect(management).toEqual({
      url: 'http://127.0.0.1:15672',
      otherUrls: [],
      username: 'tillcast-guardian',
      password: 'p@ss',
      caPem: null,
    });
  });

  test('[B41] of a cluster each node is named, and all by one user', () => {
    const parse = (text: string): unknown => parseBackendConfig({ RABBITMQ_MANAGEMENT_URL: text }).management;
    expect(
      parse('https://u:p@rabbitmq1:15671, https://u:p@rabbitmq2:15671,https://u:p@rabbitmq3:15671'),
    ).toMatchObject({
      url: 'https://rabbitmq1:15671',
      otherUrls: ['https://rabbitmq2:15671', 'https://rabbitmq3:15671'],
      username: 'u',
    });
    expect(() => parse('https://u:p@rabbitmq1:15671,https://u:q@rabbitmq2:15671')).toThrow(
      'RABBITMQ_MANAGEMENT_URL must name the same user and password at each node',
    );
    expect(() => parse('https://u:p@rabbitmq1:15671,http://u:p@rabbitmq2:15672')).toThrow(
      'RABBITMQ_MANAGEMENT_URL would send the password',
    );
  });

  test.each([
    'amqp://a:b@127.0.0.1',
    'http://127.0.0.1:15672',
    'http://a@127.0.0.1',
    'nonsense',
    'https://a:b@one:15671,two:15671',
  ])('%s is refused, and not shown', (url) => {
    const parse = (): unknown => parseBackendConfig({ RABBITMQ_MANAGEMENT_URL: url });
    expect(parse).toThrow('RABBITMQ_MANAGEMENT_URL must be an address with user and password');
    expect(parse).not.toThrow(url);
  });

  test('production does not start without it: what is revoked would go on receiving', () => {
    expect(() => parseBackendConfig({ NODE_ENV: 'production' })).toThrow(
      'RABBITMQ_MANAGEMENT_URL is missing',
    );
  });
});
