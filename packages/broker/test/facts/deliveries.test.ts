import { setTimeout as sleep } from 'node:timers/promises';
import { BLOCK_TAG } from '@tillcast/broker';
import { expect, onTestFinished, test } from 'vitest';
import {
  answerTo,
  EXCHANGE,
  LICENSE_A,
  listen,
  provisionedHost,
  publish,
  rawClient,
  tokenClient,
} from './client.ts';

const KEY = `license.${LICENSE_A}.price_update`;
const PATTERN = `license.${LICENSE_A}.#`;

test('[B6] an expired token goes on receiving and may do nothing new; a renewed one puts it right in place', async () => {
  const { host, publisherUrl } = await provisionedHost();
  const client = await tokenClient(host, { expiresInS: 2 });
  const listening = await listen(client, client.terminalId, [PATTERN]);
  const publisher = await (await rawClient(publisherUrl)).connection.createConfirmChannel();
  await sleep(3_000);
  await publish(publisher, KEY, { body: 'after the end' });
  await listening.got('after the end');
  const name = `terminal.${client.terminalId}.new`;
  const declaring = (): Promise<number | 'allowed'> =>
    answerTo(client, (channel) => channel.assertQueue(name, { exclusive: true, durable: false }));
  expect(await declaring()).toBe(403);
  const renewed = host.mintBrokerToken({ licenseKey: LICENSE_A, terminalId: client.terminalId });
  await client.connection.updateSecret(Buffer.from(renewed), 'renewed');
  expect(await declaring()).toBe('allowed');
  await publish(publisher, KEY, { body: 'after the renewal' });
  await listening.got('after the renewal');
});

test('[B6] a user whose permissions are taken goes on receiving until its connection is closed', async () => {
  const { host, publisherUrl, guardian } = await provisionedHost();
  const url = await host.addUser({ configure: '.*', write: '.*', read: '.*' });
  const user = new URL(url).username;
  const client = await rawClient(url);
  const listening = await listen(client, user, [PATTERN]);
  const publisher = await (await rawClient(publisherUrl)).connection.createConfirmChannel();
  await host.management.clearPermissions(host.name, user);
  await publish(publisher, KEY, { body: 'without permission' });
  await listening.got('without permission');
  await guardian.closeConnectionsOfUser(user, 'for the test');
  await client.closed;
});

test('[B6] closing a terminal’s connections by the token’s subject ends its deliveries, and no other’s', async () => {
  const { host, publisherUrl, guardian } = await provisionedHost();
  const [closed, kept] = [await tokenClient(host), await tokenClient(host)];
  const cut = await listen(closed, closed.terminalId, [PATTERN]);
  const stays = await listen(kept, kept.terminalId, [PATTERN]);
  const publisher = await (await rawClient(publisherUrl)).connection.createConfirmChannel();
  await guardian.closeConnectionsOfUser(closed.terminalId, 'for the test');
  await closed.closed;
  await publish(publisher, KEY, { body: 'after closing' });
  await stays.got('after closing');
  expect(cut.received).toEqual([]);
});

test('[B7] a block keeps a terminal’s token out and leaves its living connection, without a new channel; without the block it is in again', async () => {
  const { host, guardian } = await provisionedHost();
  const client = await tokenClient(host);
  const other = await tokenClient(host);
  const { terminalId, token } = client;
  const login = (): Promise<string> =>
    rawClient(host.tokenUrl(terminalId, token)).then(
      () => 'in',
      (error: Error) => error.message,
    );
  const limits = { 'max-connections': 0, 'max-channels': 0 };
  await guardian.importDefinitions({ users: [{ name: terminalId, tags: [BLOCK_TAG], limits }] });
  onTestFinished(() => host.management.deleteUser(terminalId));
  expect(await login()).toContain('got <ConnectionClose');
  await expect(rawClient(host.tokenUrl(terminalId, ''))).rejects.toThrow('ACCESS_REFUSED');
  await other.connection.createChannel();
  await expect(client.connection.createChannel()).rejects.toThrow('Channel ended');
  await client.closed;
  await guardian.deleteUsers([terminalId, 'never-there']);
  expect(await login()).toBe('in');
});

test('[B4] the publisher may use the exchange and nothing else', async () => {
  const { publisherUrl } = await provisionedHost();
  const client = await rawClient(publisherUrl);
  const refused = {
    'declare a queue': answerTo(client, (channel) => channel.assertQueue('q')),
    'declare the exchange': answerTo(client, (channel) => channel.assertExchange(EXCHANGE, 'topic')),
    'publish to another exchange': answerTo(client, (channel) =>
      publish(channel, 'x', { exchange: 'amq.topic' }),
    ),
    'publish to a queue': answerTo(client, (channel) => publish(channel, 'q', { exchange: '' })),
    'bind an exchange to it': answerTo(client, (channel) => channel.bindExchange(EXCHANGE, 'amq.topic', '#')),
    'bind it to an exchange': answerTo(client, (channel) => channel.bindExchange('amq.topic', EXCHANGE, '#')),
  };
  for (const [what, answer] of Object.entries(refused)) expect([what, await answer]).toEqual([what, 403]);
});

test('[B4] the publisher’s routing keys are those of a license’s change and of a broadcast', async () => {
  const { publisherUrl } = await provisionedHost();
  const client = await rawClient(publisherUrl);
  const answer = (key: string): Promise<number | 'allowed'> =>
    answerTo(client, (channel) => publish(channel, key));
  for (const key of [KEY, 'license.*.broadcast.system_notice', 'license.ABCDEF.license_update'])
    expect([key, await answer(key)]).toEqual([key, 'allowed']);
  for (const key of [
    `license.${LICENSE_A}.broadcast.system_notice`,
    'license.*.price_update',
    'license.#.price_update',
    `license.${LICENSE_A}.x.price_update`,
    `license.${LICENSE_A}`,
    `license.${LICENSE_A}.#`,
    `license.${LICENSE_A}.price_update\n`,
    'license..price_update',
    'other.x',
    '',
  ]) {
    expect([key, await answer(key)]).toEqual([key, 403]);
  }
});
