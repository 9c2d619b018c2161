import { randomUUID } from 'node:crypto';
import { limitingUser, type ManagementClient, provisionBroker } from '@tillcast/broker';
import { parseLicenseKey } from '@tillcast/protocol/license-key';
import { bindingsOf } from '@tillcast/protocol/routing';
import { expect, onTestFinished, test } from 'vitest';
import { readSettledState } from '../../src/provisioning/audit-broker.ts';

import { type Audited, channelOf, EXCHANGE, provisioned, terminalQueue } from './audit-case.ts';

test('[B3] a broker that was provisioned has no finding, tills and blocks included', async () => {
  const { audit, host, management } = await provisioned();
  const channel = await channelOf(host);
  const queue = await terminalQueue(channel);
  for (const pattern of bindingsOf(parseLicenseKey('EXTRO-LIFE-ABC123')))
    await channel.bindQueue(queue, EXCHANGE, pattern);
  const blocked = `${host.name}-blocked`;
  const limits = { 'max-connections': 0, 'max-channels': 0 };
  await management.importDefinitions({ users: [{ name: blocked, tags: ['tillcast-block'], limits }] });
  const terminalId = randomUUID();
  await management.importDefinitions({ users: [limitingUser(terminalId)] });
  onTestFinished(() => management.deleteUsers([blocked, terminalId]));
  expect(await audit()).toEqual([]);
});

/** A user of a terminal's name, which goes with the test. */
async function terminalUser(
  make: (name: string) => Promise<void>,
  management: ManagementClient,
): Promise<void> {
  const name = randomUUID();
  await make(name);
  onTestFinished(() => management.deleteUser(name));
}

type Damage = (audited: Audited) => Promise<unknown>;

/** What is taken away, how, and the line that the audit must name. */
const REMOVED: readonly (readonly [string, Damage, (audited: Audited) => string])[] = [
  [
    'the publisher’s permission widened',
    ({ management, host, publisher }) =>
      management.setPermissions({
        vhost: host.name,
        user: publisher,
        configure: '^$',
        write: '.*',
        read: '^$',
      }),
    ({ publisher, host }) => `permission of ${publisher} in ${host.name}`,
  ],
  [
    'the publisher’s permission taken',
    ({ management, host, publisher }) => management.clearPermissions(host.name, publisher),
    ({ publisher, host }) => `permission of ${publisher} in ${host.name}`,
  ],
  [
    'the publisher’s topic permission taken, which opens every routing key to it',
    ({ management, host, publisher }) => management.clearTopicPermissions(host.name, publisher),
    ({ publisher, host }) => `topic permission of ${publisher} on ${EXCHANGE} in ${host.name}`,
  ],
  [
    'the publisher’s topic permission widened',
    ({ management, host, publisher }) =>
      management.setTopicPermissions({
        vhost: host.name,
        user: publisher,
        exchange: EXCHANGE,
        write: '.*',
        read: '^$',
      }),
    ({ publisher, host }) => `topic permission of ${publisher} on ${EXCHANGE} in ${host.name}`,
  ],
  [
    'a tag given to the publisher',
    ({ management, publisher }) => management.putUserTags(publisher, ['management']),
    ({ publisher }) => `user ${publisher}`,
  ],
  [
    'the guardian’s permission widened',
    ({ management, host, guardian }) =>
      management.setPermissions({
        vhost: host.name,
        user: guardian,
        configure: '^$',
        write: '^$',
        read: '.*',
      }),
    ({ guardian, host }) => `permission of ${guardian} in ${host.name}`,
  ],
  [
    'a limit of the guardian lifted',
    ({ management, guardian }) => management.setUserLimit(guardian, 'max-connections', 5),
    ({ guardian }) => `limit max-connections of user ${guardian}`,
  ],
  [
    'the policy taken',
    ({ management, host }) => management.deletePolicy(host.name, 'tillcast-terminals'),
    () => 'policy tillcast-terminals',
  ],
  [
    'the policy without its drop-head',
    ({ management, host }) =>
      management.setPolicy({
        vhost: host.name,
        name: 'tillcast-terminals',
        pattern: '^terminal\\.',
        applyTo: 'queues',
        priority: 100,
        definition: { 'max-length': 10_000, 'max-length-bytes': 16_777_216, expires: 60_000 },
      }),
    () => 'policy tillcast-terminals',
  ],
  [
    'a limit of the virtual host raised',
    ({ management, host }) => management.setVhostLimit(host.name, 'max-queues', 1_000_000),
    ({ host }) => `limit max-queues of virtual host ${host.name}`,
  ],
];

test.for(REMOVED)(
  '[B3] %s: the audit names that line alone, and provisioning mends it',
  async ([, damage, what]) => {
    const audited = await provisioned();
    await damage(audited);
    const findings = await audited.audit();
    expect(findings.map((finding) => finding.what)).toEqual([what(audited)]);
    expect(findings[0]?.mend).toBe('tillcast broker provision');
    await provisionBroker(audited.management, audited.desired);
    expect(await audited.audit()).toEqual([]);
  },
);

/** What is added that should not be, and what of it the audit must name. */
const ADDED: readonly (readonly [string, Damage, readonly string[]])[] = [
  [
    'a queue bound by #',
    async ({ host }) => {
      const channel = await channelOf(host);
      await channel.bindQueue(await terminalQueue(channel), EXCHANGE, '#');
    },
    ['binding # of'],
  ],
  [
    'a queue bound by license.#',
    async ({ host }) => {
      const channel = await channelOf(host);
      await channel.bindQueue(await terminalQueue(channel), EXCHANGE, 'license.#');
    },
    ['binding license.# of'],
  ],
  [
    'a queue bound by a wildcard in the license’s place',
    async ({ host }) => {
      const channel = await channelOf(host);
      await channel.bindQueue(await terminalQueue(channel), EXCHANGE, 'license.*.price_update');
    },
    ['binding license.*.price_update of'],
  ],
  [
    'a queue bound to two licenses',
    async ({ host }) => {
      const channel = await channelOf(host);
      const queue = await terminalQueue(channel);
      await channel.bindQueue(queue, EXCHANGE, 'license.EXTRO-LIFE-ABC123.#');
      await channel.bindQueue(queue, EXCHANGE, 'license.EXTRO-LIFE-XYZ789.#');
    },
    ['bindings of queue terminal.'],
  ],
  [
    'a queue of another name',
    async ({ host }) => {
      const channel = await channelOf(host);
      const queue = await terminalQueue(channel, 'spy');
      await channel.bindQueue(queue, EXCHANGE, 'license.EXTRO-LIFE-ABC123.#');
    },
    ['binding license.EXTRO-LIFE-ABC123.# of pos_license_events to queue spy'],
  ],
  [
    'an exchange bound to the exchange',
    async ({ host }) => {
      const channel = await channelOf(host);
      await channel.assertExchange('tap', 'fanout');
      await channel.bindExchange('tap', EXCHANGE, '#');
    },
    ['binding # of exchange pos_license_events to exchange tap'],
  ],
  [
    'the exchange bound to an exchange',
    async ({ host }) => {
      const channel = await channelOf(host);
      await channel.assertExchange('feed', 'fanout');
      await channel.bindExchange(EXCHANGE, 'feed', '');
    },
    ['of exchange feed to exchange pos_license_events'],
  ],
  [
    'an exchange and a durable queue that a terminal left',
    async ({ host }) => {
      const channel = await channelOf(host);
      await channel.assertExchange('terminal.left', 'topic');
      await channel.assertQueue('terminal.kept', { durable: true });
    },
    ['exchange terminal.left', 'queue terminal.kept'],
  ],
  [
    'a user with permissions and without a topic permission',
    ({ host }) => host.addUser({ configure: '^$', write: '.*', read: '^$' }),
    ['permission of ', 'topic permission of '],
  ],
  [
    'an administrator whom nobody knows',
    async ({ host, management }) => {
      const name = `${host.name}-admin`;
      await management.createUser({ name, password: 'x', tags: ['administrator'] });
      onTestFinished(() => management.deleteUser(name));
    },
    ['user '],
  ],
  [
    'a block that has a password',
    async ({ host, management }) => {
      const name = `${host.name}-blocked`;
      await management.createUser({ name, password: 'x', tags: ['tillcast-block'] });
      onTestFinished(() => management.deleteUser(name));
    },
    ['block of '],
  ],
  [
    'a user of a terminal’s name that has a password',
    ({ management }) => terminalUser((name) => management.createUser({ name, password: 'x' }), management),
    ['user of terminal '],
  ],
  [
    'a user of a terminal’s name without its limits',
    ({ management }) => terminalUser((name) => management.putUserTags(name, []), management),
    ['user of terminal '],
  ],
  [
    'a user of a terminal’s name with a tag',
    ({ management }) =>
      terminalUser(
        (name) => management.importDefinitions({ users: [{ ...limitingUser(name), tags: ['monitoring'] }] }),
        management,
      ),
    ['user of terminal '],
  ],
  [
    'a policy that sends what is unroutable elsewhere',
    ({ host, management }) =>
      management.setPolicy({
        vhost: host.name,
        name: 'elsewhere',
        pattern: '^pos_',
        applyTo: 'exchanges',
        definition: { 'alternate-exchange': 'amq.fanout' },
      }),
    ['policy elsewhere'],
  ],
  [
    'a policy that outranks the terminals’ one',
    ({ host, management }) =>
      management.setPolicy({
        vhost: host.name,
        name: 'loose',
        pattern: '.*',
        applyTo: 'queues',
        priority: 200,
        definition: { 'max-length': 1_000_000 },
      }),
    ['policy loose'],
  ],
];

test.for(ADDED)('[B3] %s: the audit names it', async ([, damage, whats]) => {
  const audited = await provisioned();
  await damage(audited);
  const findings = await audited.audit();
  expect(findings.map(({ what }) => what)).toEqual(whats.map((what) => expect.stringContaining(what)));
  expect(findings.every(({ mend }) => mend !== '')).toBe(true);
});

test('[B3] doors of the node that are not needed are named: plugins, listeners, ANONYMOUS, relays, the trace', async () => {
  const { audit, host } = await provisioned();
  const listener = { node: 'rabbit@a', protocol: 'mqtt', address: '127.0.0.1', port: 1883 };
  const open = { node: 'rabbit@a', protocol: 'amqp', address: '0.0.0.0', port: 5672 };
  const measuring = { ...open, protocol: 'http/prometheus', port: 15_692 };
  const measuringOverTls = { ...open, protocol: 'https/prometheus', port: 15_691 };
  const found = await audit((state) => ({
    listeners: [...state.listeners, listener, open, measuring, measuringOverTls],
    nodes: state.nodes.map((node) => ({
      ...node,
      plugins: [
        ...(node.plugins ?? []).filter((name) => !name.includes('oauth2')),
        'rabbitmq_mqtt',
        'rabbitmq_prometheus',
      ],
      authMechanisms: [...node.authMechanisms, 'ANONYMOUS'],
      health: node.health,
    })),
    parameters: [{ component: 'shovel', vhost: host.name, name: 'out' }],
    vhost: { name: host.name, tracing: true },
    users: [
      ...state.users,
      { name: 'guest', passwordHash: 'x', hashingAlgorithm: 'x', tags: ['administrator'], limits: {} },
    ],
  }));
  const node = found.find(({ what }) => what.startsWith('plugin'))?.what.split(' on ')[1];
  expect(found.map(({ what }) => what)).toEqual([
    'user guest',
    `trace of virtual host ${host.name}`,
    `plugin rabbitmq_mqtt on ${node}`,
    `plugin rabbitmq_auth_backend_oauth2 on ${node}`,
    `authentication mechanism ANONYMOUS on ${node}`,
    'listener mqtt on 127.0.0.1:1883 of rabbit@a',
    'listener amqp on 0.0.0.0:5672 of rabbit@a',
    'listener http/prometheus on 0.0.0.0:15692 of rabbit@a',
    `shovel out in ${host.name}`,
  ]);
  const accepted = await audit((state) => ({ listeners: [...state.listeners, open] }), {
    allowPlaintext: true,
  });
  expect(accepted).toEqual([]);
});

test('[B3] the audit reads the node’s own doors', async () => {
  const { host } = await provisioned();
  const { listeners, nodes } = await readSettledState(host.management, host.name);
  expect(listeners.map(({ protocol }) => protocol).toSorted()).toEqual(['amqp', 'clustering', 'http']);
  expect(listeners.filter(({ address }) => address !== '127.0.0.1')).toEqual([]);
  expect(nodes.map(({ authMechanisms }) => authMechanisms)).toEqual([['PLAIN']]);
});
