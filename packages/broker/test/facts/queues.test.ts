import { randomUUID } from 'node:crypto';
import { expect, onTestFinished, test } from 'vitest';
import { eventually } from '../test-node.ts';
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
import { checksHeaderRoutes } from './versions.ts';

const KEY = `license.${LICENSE_A}.price_update`;

test('[Q5] a message that no queue gets is confirmed all the same', async () => {
  const { publisherUrl } = await provisionedHost();
  const publisher = await (await rawClient(publisherUrl)).connection.createConfirmChannel();
  await expect(publish(publisher, KEY)).resolves.toBeUndefined();
});

test('[Q2] `license.<KEY>.#` matches `license.<KEY>` too, and a queue with two matching bindings gets one copy', async () => {
  const { host } = await provisionedHost();
  const client = await rawClient(host.amqpUrl);
  const owner = await listen(client, randomUUID(), [
    `license.${LICENSE_A}.#`,
    `license.${LICENSE_A}.price_update`,
  ]);
  const channel = await client.connection.createConfirmChannel();
  await publish(channel, `license.${LICENSE_A}`, { body: 'two words' });
  await publish(channel, KEY, { body: 'once' });
  await publish(channel, `license.${LICENSE_A}4.price_update`, { body: 'a longer key' });
  await publish(channel, KEY, { body: 'last' });
  await owner.got('last');
  expect(owner.received).toEqual(['two words', 'once', 'last']);
});

test('[B4] headers carry a message past the publisher’s topic permission on 3.10: nobody else may have it', async () => {
  const { host, publisherUrl } = await provisionedHost();
  const terminal = await tokenClient(host);
  const listening = await listen(terminal, terminal.terminalId, [`license.${LICENSE_A}.#`]);
  const publisher = await rawClient(publisherUrl);
  const isChecked = checksHeaderRoutes((await host.management.overview()).rabbitmqVersion);
  const beyond = `license.${LICENSE_A}.broadcast.system_notice`;
  for (const header of ['CC', 'BCC']) {
    const answer = await answerTo(publisher, (channel) =>
      publish(channel, 'license.ABCDEF.price_update', { body: header, headers: { [header]: [beyond] } }),
    );
    expect(answer).toBe(isChecked ? 403 : 'allowed');
    if (!isChecked) await listening.got(header);
  }
  expect(listening.received).toEqual(isChecked ? [] : ['CC', 'BCC']);
});

test('[Q3] the policy bounds a queue that was declared without limits, and drops the oldest', async () => {
  const { host, publisherUrl } = await provisionedHost();
  const client = await tokenClient(host);
  const channel = await client.connection.createChannel();
  const queue = `terminal.${client.terminalId}.r`;
  await channel.assertQueue(queue, { exclusive: true, durable: false, autoDelete: true });
  await channel.bindQueue(queue, EXCHANGE, `license.${LICENSE_A}.#`);
  const publisher = await (await rawClient(publisherUrl)).connection.createConfirmChannel();
  for (let number = 1; number <= 10_020; number += 1)
    publisher.publish(EXCHANGE, KEY, Buffer.from(String(number)));
  await publisher.waitForConfirms();
  const { messageCount } = await channel.checkQueue(queue);
  expect(messageCount).toBe(10_000);
  const oldest = await channel.get(queue, { noAck: true });
  expect(oldest === false ? null : oldest.content.toString()).toBe('21');
});

test('[B1] a queue that a terminal leaves without a consumer goes by the policy, be it durable', async () => {
  const { host } = await provisionedHost();
  const { management, name: vhost } = host;
  await management.setPolicy({
    vhost,
    name: 'tillcast-terminals',
    pattern: '^terminal\\.',
    applyTo: 'queues',
    priority: 100,
    definition: { expires: 200 },
  });
  const client = await tokenClient(host);
  const channel = await client.connection.createChannel();
  await channel.assertQueue(`terminal.${client.terminalId}.kept`, { durable: true });
  await eventually(async () => (await management.listQueues(vhost)).length === 0);
});

test('[B1] queues and connections beyond the virtual host’s limits are refused', async () => {
  const { host } = await provisionedHost();
  const client = await tokenClient(host);
  const channel = await client.connection.createChannel();
  channel.on('error', () => undefined);
  await host.management.setVhostLimit(host.name, 'max-queues', 1);
  await channel.assertQueue(`terminal.${client.terminalId}.1`, { exclusive: true, durable: false });
  await expect(
    channel.assertQueue(`terminal.${client.terminalId}.2`, { exclusive: true, durable: false }),
  ).rejects.toThrow('limit');
  await host.management.setVhostLimit(host.name, 'max-connections', 1);
  await expect(tokenClient(host)).rejects.toThrow('ConnectionClose');
});

test('[B1] a message of more than 1 MiB and a channel beyond the sixteenth are refused', async () => {
  const { publisherUrl } = await provisionedHost();
  const client = await rawClient(publisherUrl);
  const channel = await client.connection.createConfirmChannel();
  const tooLarge = publish(channel, KEY, { body: 'x'.repeat(1_048_577) });
  await expect(tooLarge).rejects.toThrow('PRECONDITION_FAILED');
  const channels: { close(): Promise<void> }[] = [];
  onTestFinished(async () => {
    await Promise.all(channels.map((each) => each.close()));
  });
  const opening = async (): Promise<never> => {
    for (;;) channels.push(await client.connection.createChannel());
  };
  await expect(opening()).rejects.toThrow('No channels left');
  expect(channels).toHaveLength(16);
});

test('[B25] the guardian may delete a queue and an exchange that a terminal left, and no other', async () => {
  const { host, guardian } = await provisionedHost();
  const { connection, terminalId } = await tokenClient(host);
  const channel = await connection.createChannel();
  const name = `terminal.${terminalId}.left`;
  await channel.assertQueue(name, { durable: true });
  await channel.assertExchange(name, 'fanout', { durable: true });
  await channel.assertQueue(`${name}.exclusive`, { exclusive: true });
  expect(await guardian.listQueueNames(host.name)).toEqual([
    { name, exclusive: false },
    { name: `${name}.exclusive`, exclusive: true },
  ]);
  expect(await guardian.listExchangeNames(host.name, '^terminal\\.', 10)).toEqual([name]);
  await guardian.deleteQueue(host.name, name);
  await guardian.deleteExchange(host.name, name);
  expect(await host.management.listQueues(host.name)).toHaveLength(1);
  expect(await guardian.listExchangeNames(host.name, '^terminal\\.', 10)).toEqual([]);
  const refused = { code: 'broker_access_refused' };
  const foreign = (await rawClient(host.amqpUrl)).connection;
  await (await foreign.createChannel()).assertQueue('kept', { durable: true });
  await expect(guardian.deleteQueue(host.name, 'kept')).rejects.toMatchObject(refused);
  await expect(guardian.deleteExchange(host.name, EXCHANGE)).rejects.toMatchObject(refused);
});
