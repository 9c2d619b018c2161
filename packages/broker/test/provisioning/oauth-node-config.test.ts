import { createPublicKey, generateKeyPairSync, randomUUID } from 'node:crypto';
import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { oauthNodeConfig, silentLogger, startPrivateNode } from '@tillcast/broker';
import { makeTokenSigningKey, signBrokerToken } from '@tillcast/testkit';
import { connect } from 'amqplib';
import { expect, onTestFinished, test } from 'vitest';

test('[B2] a node with keys in its configuration takes their tokens alone, and asks nobody', async () => {
  const dataDir = await mkdtemp(join(tmpdir(), 'tillcast-broker-'));
  onTestFinished(() => rm(dataDir, { recursive: true, force: true }));
  const [one, other, stranger] = [makeTokenSigningKey(), makeTokenSigningKey(), makeTokenSigningKey()];
  const pem = (key: typeof one): string =>
    createPublicKey({ key: key.privateJwk, format: 'jwk' })
      .export({ type: 'spki', format: 'pem' })
      .toString();
  const signingKeys = { [one.kid]: pem(one), [other.kid]: pem(other) };
  const node = await startPrivateNode({
    dataDir,
    logger: silentLogger,
    stopTimeoutMs: 1_000,
    ...oauthNodeConfig({ signingKeys }),
  });
  onTestFinished(() => node.stop());
  const login = async (key: typeof one): Promise<void> => {
    const terminalId = randomUUID();
    const url = new URL(node.amqpUrl);
    url.username = terminalId;
    url.password = signBrokerToken(key, { licenseKey: 'EXTRO-LIFE-ABC123', terminalId });
    const connection = await connect(url.href);
    await connection.close();
  };
  await login(one);
  await login(other);
  await expect(login(stranger)).rejects.toThrow('ACCESS_REFUSED');
});

test('[B2] keys come from https or from this machine, and are P-256: anything else is refused', () => {
  const config = (jwksUrl: string): string => oauthNodeConfig({ jwksUrl }).advancedConfig;
  expect(config('http://127.0.0.1:8080/jwks.json')).toContain(
    '{jwks_url, <<"http://127.0.0.1:8080/jwks.json">>}',
  );
  expect(config('https://pos.example.com/jwks.json')).toContain('{peer_verification, verify_peer}');
  for (const url of ['http://pos.example.com/jwks.json', 'ftp://localhost/x', 'nonsense', ''])
    expect(() => config(url)).toThrow(expect.objectContaining({ code: 'configuration_invalid' }));
  expect(() => oauthNodeConfig({})).toThrow('to check access tokens');
  const { publicKey } = generateKeyPairSync('ec', { namedCurve: 'P-384' });
  const wrong = publicKey.export({ type: 'spki', format: 'pem' }).toString();
  for (const pem of [wrong, 'no key'])
    expect(() => oauthNodeConfig({ signingKeys: { kid: pem } })).toThrow('not a public P-256 key');
});

test('[B2] nothing in an address gets out of its place in the configuration', () => {
  const { advancedConfig } = oauthNodeConfig({ jwksUrl: 'https://host/a"}]}].%5C\\"' });
  expect(advancedConfig.split('\n').find((line) => line.includes('jwks_url'))).not.toMatch(/"\}\]\}\]/);
});
