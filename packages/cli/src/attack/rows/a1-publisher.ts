import { auditBroker, desiredBroker, GUARDIAN_USER } from '@tillcast/broker';
import { routingKeyOf } from '@tillcast/protocol/routing';
import { EVENTS_EXCHANGE } from '@tillcast/protocol/topology';
import type { ConfirmChannel } from 'amqplib';
import { attempt, login, refusedWith } from '../amqp-probe.ts';
import { type Draft, fails, holds, type Observed } from '../attack.ts';
import type { Stage } from '../stage.ts';

const TOPIC = 'the publisher’s topic permission on pos_license_events (tillcast broker provision)';
const PERMISSIONS = 'the publisher’s permissions: configure ^$, write ^pos_license_events$, read ^$';

/** Keys that nobody may publish, the backend included: the tills of others would get them. */
const UNPUBLISHABLE: readonly string[] = [
  'license.<OTHER KEY>.broadcast.system_notice',
  'license.<OTHER KEY>.broadcast.x',
  'license.*.price_update',
  'license.#.price_update',
  'license.#',
  'license.*.broadcast.x.y',
  'license.<other key>.price_update',
  'other.x',
  '',
];

/** What the backend’s own user at the broker may not: its program may have been taken over. */
const ACTS: readonly (readonly [string, (channel: ConfirmChannel, stage: Stage) => unknown])[] = [
  ['declares a queue', (channel) => channel.assertQueue('evil', { exclusive: true })],
  ['deletes pos_license_events', (channel) => channel.deleteExchange(EVENTS_EXCHANGE.name)],
  [
    'consumes from a till’s queue',
    (channel, stage) => channel.consume(stage.otherListener.queue, () => undefined),
  ],
  [
    'publishes to a till’s queue',
    (channel, stage) => channel.publish('', stage.otherListener.queue, Buffer.from('{}')),
  ],
  [
    'binds a till’s queue to the other license',
    (channel, stage) =>
      channel.bindQueue(
        stage.ownListener.queue,
        EVENTS_EXCHANGE.name,
        routingKeyOf(stage.other.licenseKey, 'price_update'),
      ),
  ],
];

export const PUBLISHER_DRAFTS: readonly Draft[] = [
  ...UNPUBLISHABLE.map(
    (key): Draft => ({
      attempt: `With the publisher’s password, ${key === '' ? 'the empty key' : key} is published`,
      expected: '403',
      line: TOPIC,
      needs: 'publisher',
      run: (stage) =>
        asPublisher(stage, (channel) =>
          channel.publish(EVENTS_EXCHANGE.name, filledIn(key, stage), Buffer.from('{"version":1}')),
        ),
    }),
  ),
  ...ACTS.map(
    ([what, act]): Draft => ({
      attempt: `With the publisher’s password, somebody ${what}`,
      expected: 'refused',
      line: PERMISSIONS,
      needs: 'publisher',
      run: (stage) => asPublisher(stage, (channel) => act(channel, stage)),
    }),
  ),
  {
    attempt: 'The broker is compared with what it should be (tillcast broker audit)',
    expected: 'no finding',
    line: 'what tillcast broker provision writes',
    needs: 'administrator',
    run: audited,
  },
];

function filledIn(key: string, { other }: Stage): string {
  return key.replace('<OTHER KEY>', other.licenseKey).replace('<other key>', other.licenseKey.toLowerCase());
}

async function asPublisher(stage: Stage, act: (channel: ConfirmChannel) => unknown): Promise<Observed> {
  if (stage.publisher === null) return fails('there is no publisher');
  const model = await login(stage.broker, stage.publisher.username, stage.publisher.password);
  try {
    return refusedWith(await attempt(model, act), [403, 405]);
  } finally {
    // It may be closed: by the broker, which is what was tried for.
    await model.close().catch(() => undefined);
  }
}

async function audited({ administrator, publisher, guardian, othersFindings }: Stage): Promise<Observed> {
  if (administrator === null) return fails('there is no administrator');
  const desired = desiredBroker({
    vhost: administrator.vhost,
    ...(publisher === null ? {} : { publisher: publisher.username }),
    guardian: guardian ?? GUARDIAN_USER,
  });
  const all = await auditBroker(administrator.management, desired, { allowPlaintext: true });
  const findings = all.filter(({ what }) => othersFindings?.test(what) !== true);
  if (findings.length === 0) return holds('no finding');
  return fails(findings.map(({ what, observed }) => `${what} is ${observed}`).join('; '));
}
