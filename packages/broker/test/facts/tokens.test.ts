import { randomUUID } from 'node:crypto';
import { makeTokenSigningKey, signBrokerToken } from '@tillcast/testkit';
import { expect, test } from 'vitest';
import { eventually } from '../test-node.ts';
import {
  answerTo,
  EXCHANGE,
  LICENSE_A,
  LICENSE_B,
  listen,
  provisionedHost,
  publish,
  rawClient,
  tokenClient,
} from './client.ts';
import { checksAudience } from './versions.ts';

test('[B5] with its token a terminal binds its license and broadcasts, and no other pattern', async () => {
  const { host } = await provisionedHost();
  const client = await tokenClient(host);
  const { queue } = await listen(client, client.terminalId, []);
  const bind = (pattern: string, exchange: string = EXCHANGE): Promise<number | 'allowed'> =>
    answerTo(client, (channel) => channel.bindQueue(queue, exchange, pattern));
  expect(await bind(`license.${LICENSE_A}.#`)).toBe('allowed');
  expect(await bind('license.*.broadcast.#')).toBe('allowed');
  for (const pattern of [
    'license.#',
    '#',
    '*.#',
    'license.*.price_update',
    'license.*.#',
    `license.${LICENSE_B}.#`,
    `license.${LICENSE_A}4.#`,
    `license.${LICENSE_A}`,
    `license.${LICENSE_B}.broadcast.#`,
    'license.*.broadcast.x.#',
  ]) {
    expect([pattern, await bind(pattern)]).toEqual([pattern, 403]);
  }
  expect(await bind('#', 'amq.topic')).toBe(403);
  expect(await bind('#', 'amq.rabbitmq.trace')).toBe(403);
});

test('[B5] with its token a terminal publishes nowhere: not to the exchange, not past it to a queue', async () => {
  const { host } = await provisionedHost();
  const client = await tokenClient(host);
  const other = await tokenClient(host, { licenseKey: LICENSE_B });
  const { queue, received } = await listen(other, other.terminalId, [`license.${LICENSE_B}.#`]);
  const own = await listen(client, client.terminalId, []);
  for (const key of [`license.${LICENSE_A}.price_update`, `license.${LICENSE_B}.price_update`, '#'])
    expect([key, await answerTo(client, (channel) => publish(channel, key))]).toEqual([key, 403]);
  for (const to of [queue, own.queue])
    expect(await answerTo(client, (channel) => publish(channel, to, { exchange: '' }))).toBe(403);
  expect(received).toEqual([]);
});

test('[B5] with its token a terminal declares and reads queues of its own name alone', async () => {
  const { host } = await provisionedHost();
  const client = await tokenClient(host);
  const other = await tokenClient(host, { licenseKey: LICENSE_B });
  const { queue } = await listen(other, other.terminalId, []);
  const declare = (name: string): Promise<number | 'allowed'> =>
    answerTo(client, (channel) => channel.assertQueue(name, { exclusive: true, durable: false }));
  expect(await declare(`terminal.${client.terminalId}.r`)).toBe('allowed');
  for (const name of [`terminal.${client.terminalId}4.r`, 'terminal.r', 'spy', ''])
    expect([name, await declare(name)]).toEqual([name, 403]);
  expect(await answerTo(client, (channel) => channel.consume(queue, () => undefined))).toBe(403);
  expect(await answerTo(client, (channel) => channel.purgeQueue(queue))).toBe(403);
  expect(await answerTo(client, (channel) => channel.deleteQueue(queue))).toBe(403);
  expect(await answerTo(client, (channel) => channel.deleteExchange(EXCHANGE))).toBe(403);
});

test('[B5] what would send a terminal’s messages elsewhere is refused: dead letters, alternate exchanges, exchange bindings', async () => {
  const { host } = await provisionedHost();
  const client = await tokenClient(host);
  const own = `terminal.${client.terminalId}.own`;
  const deadLetters = {
    'x-dead-letter-exchange': EXCHANGE,
    'x-dead-letter-routing-key': `license.${LICENSE_B}.x`,
  };
  expect(
    await answerTo(client, (channel) =>
      channel.assertQueue(`${own}-q`, { exclusive: true, durable: false, arguments: deadLetters }),
    ),
  ).toBe(403);
  expect(
    await answerTo(client, (channel) =>
      channel.assertExchange(own, 'fanout', { alternateExchange: EXCHANGE, durable: false }),
    ),
  ).toBe(403);
  expect(
    await answerTo(client, (channel) => channel.assertExchange(own, 'fanout', { autoDelete: true })),
  ).toBe('allowed');
  expect(await answerTo(client, (channel) => channel.bindExchange(EXCHANGE, own, '#'))).toBe(403);
  expect(await answerTo(client, (channel) => channel.bindExchange(own, EXCHANGE, '#'))).toBe(403);
});

test('[B2] only a token of ours lets in: not one of another key, another algorithm, without scopes, or expired', async () => {
  const { host } = await provisionedHost();
  const terminalId = randomUUID();
  const given = { licenseKey: LICENSE_A, terminalId };
  const good = host.mintBrokerToken(given);
  const [head = '', claims = ''] = good.split('.');
  const withHead = (header: object): string =>
    `${Buffer.from(JSON.stringify(header)).toString('base64url')}.${claims}.`;
  const kid = JSON.parse(Buffer.from(head, 'base64url').toString()).kid as unknown;
  const bad = {
    'another key of the same kid': signBrokerToken(makeTokenSigningKey(), { ...given, header: { kid } }),
    'another key': signBrokerToken(makeTokenSigningKey(), given),
    'no signature': withHead({ alg: 'none', kid }),
    'another algorithm': host.mintBrokerToken({ ...given, header: { alg: 'ES384' } }),
    'a signature of something else': `${head}.${claims}x.${good.split('.')[2]}`,
    'no key named': host.mintBrokerToken({ ...given, header: { kid: undefined } }),
    'no scope of the broker': host.mintBrokerToken({ ...given, scopes: ['sales:upload'] }),
    'no scope at all': host.mintBrokerToken({ ...given, claims: { scope: undefined } }),
    'no audience': host.mintBrokerToken({ ...given, claims: { aud: undefined } }),
    expired: host.mintBrokerToken({ ...given, expiresInS: -1 }),
    'no token': '',
  };
  for (const [what, token] of Object.entries(bad)) {
    const attempt = rawClient(host.tokenUrl(terminalId, token)).then(
      () => `${what}: in`,
      () => `${what}: refused`,
    );
    expect(await attempt).toBe(`${what}: refused`);
  }
  await rawClient(host.tokenUrl(terminalId, good));
});

test('[B2] a token for another audience is refused where the broker can check it', async () => {
  const { host } = await provisionedHost();
  const { rabbitmqVersion } = await host.management.overview();
  const entering = tokenClient(host, { claims: { aud: 'another service' } }).then(
    () => 'in',
    () => 'refused',
  );
  expect(await entering).toBe(checksAudience(rabbitmqVersion) ? 'refused' : 'in');
});

test('[B2] keys rotate without a restart: a token of a new key is taken, and those of the old one go on', async () => {
  const { host } = await provisionedHost();
  const [next, last] = [makeTokenSigningKey(), makeTokenSigningKey()];
  await tokenClient(host);
  for (const key of [next, last]) {
    await host.registerJwks([key.publicJwk]);
    const terminalId = randomUUID();
    await rawClient(host.tokenUrl(terminalId, signBrokerToken(key, { licenseKey: LICENSE_A, terminalId })));
  }
  await tokenClient(host);
});

test('[B2] the user’s name is the token’s subject, whatever name the client gives', async () => {
  const { host } = await provisionedHost();
  const terminalId = randomUUID();
  const token = host.mintBrokerToken({ licenseKey: LICENSE_A, terminalId });
  await rawClient(host.tokenUrl('somebody-else', token));
  await eventually(async () => (await host.management.listConnectionsOfUser(terminalId)).length === 1);
  expect(await host.management.listConnectionsOfUser('somebody-else')).toEqual([]);
});
