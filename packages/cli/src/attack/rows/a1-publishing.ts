import { randomUUID } from 'node:crypto';
import { broadcastRoutingKey, routingKeyOf } from '@tillcast/protocol/routing';
import { EVENTS_EXCHANGE } from '@tillcast/protocol/topology';
import type { ConfirmChannel } from 'amqplib';
import {
  attempt,
  declareOwnExchange,
  declareOwnQueue,
  refusedWith,
  tryLogin,
  withTill,
} from '../amqp-probe.ts';
import { type Draft, fails, holds, type Observed } from '../attack.ts';
import { forgedToken } from '../forged-tokens.ts';
import type { Stage } from '../stage.ts';

const NO_WRITE = 'no scope write: on pos_license_events nor on the default exchange';
const DECLARE_CHECK =
  'the token’s scopes: what a queue or an exchange passes on to must be writable by its owner';

const EXCHANGES: readonly string[] = [
  EVENTS_EXCHANGE.name,
  'amq.topic',
  'amq.direct',
  'amq.fanout',
  'amq.headers',
  'amq.match',
  'amq.rabbitmq.trace',
];

export const PUBLISHING_DRAFTS: readonly Draft[] = [
  ...EXCHANGES.map(
    (exchange): Draft => ({
      attempt: `A price of the other license is published to ${exchange}`,
      expected: '403, and the other license hears nothing',
      line: NO_WRITE,
      run: (stage) => tryOut(stage, (channel) => publish(stage, channel, exchange, otherKey(stage))),
    }),
  ),
  {
    attempt: 'A change is published under its own license',
    expected: '403: a till never publishes',
    line: NO_WRITE,
    run: (stage) =>
      tryOut(stage, (channel) =>
        publish(stage, channel, EVENTS_EXCHANGE.name, routingKeyOf(stage.own.licenseKey, 'price_update')),
      ),
  },
  {
    attempt: 'A broadcast is published to all tills',
    expected: '403',
    line: NO_WRITE,
    run: (stage) =>
      tryOut(stage, (channel) =>
        publish(stage, channel, EVENTS_EXCHANGE.name, broadcastRoutingKey('system_notice')),
      ),
  },
  {
    attempt: 'A message is put into the other license’s queue by the default exchange',
    expected: '403',
    line: NO_WRITE,
    run: (stage) => tryOut(stage, (channel) => publish(stage, channel, '', stage.otherListener.queue)),
  },
  ...(['CC', 'BCC'] as const).map(
    (header): Draft => ({
      attempt: `Published under its own license with the other’s key in ${header}`,
      expected: '403',
      line: NO_WRITE,
      run: (stage) =>
        tryOut(stage, (channel) =>
          publish(stage, channel, EVENTS_EXCHANGE.name, routingKeyOf(stage.own.licenseKey, 'price_update'), {
            [header]: [otherKey(stage), stage.otherListener.queue],
          }),
        ),
    }),
  ),
  ...(['CC', 'BCC'] as const).map(
    (header): Draft => ({
      attempt: `Published to an exchange of its own with the other’s queue and key in ${header}`,
      expected: 'nothing reaches the other license: an exchange of its own leads to its own queues only',
      line: 'the token’s scopes: nothing of another’s can be bound to an exchange of one’s own',
      run: (stage) => harmless(stage, (channel) => publishToOwn(stage, channel, header)),
    }),
  ),
  {
    attempt: 'A message with a reply-to of another’s is answered by the default exchange (direct reply-to)',
    expected: '403',
    line: NO_WRITE,
    run: (stage) =>
      tryOut(stage, async (channel) => {
        await channel.consume('amq.rabbitmq.reply-to', () => undefined, { noAck: true });
        publish(stage, channel, '', 'amq.rabbitmq.reply-to.g1h2AA5yZXBseUAxMjM0NTY3OA==');
      }),
  },
  ...([EVENTS_EXCHANGE.name, ''] as const).map(
    (exchange): Draft => ({
      attempt: `A queue of its own that dead-letters to ${exchange === '' ? 'the default exchange' : exchange} with the other’s key`,
      expected: '403',
      line: DECLARE_CHECK,
      run: (stage) =>
        tryOut(stage, (channel) =>
          declareOwnQueue(channel, stage.own, {
            'x-dead-letter-exchange': exchange,
            'x-dead-letter-routing-key': exchange === '' ? stage.otherListener.queue : otherKey(stage),
            'x-message-ttl': 1,
          }),
        ),
    }),
  ),
  {
    attempt: 'An exchange of its own with pos_license_events as its alternate exchange',
    expected: '403',
    line: DECLARE_CHECK,
    run: (stage) =>
      tryOut(stage, async (channel) => {
        const exchange = await declareOwnExchange(channel, stage.own, 'direct', {
          alternateExchange: EVENTS_EXCHANGE.name,
        });
        publish(stage, channel, exchange, otherKey(stage));
      }),
  },
  {
    attempt: 'A message is published in the publisher’s name (the user-id property)',
    expected: '403',
    line: NO_WRITE,
    run: (stage) =>
      tryOut(stage, (channel) => {
        channel.publish(EVENTS_EXCHANGE.name, otherKey(stage), Buffer.from('{}'), {
          userId: 'tillcast-publisher',
        });
      }),
  },
  {
    attempt: 'Its own token comes with the publisher’s user name',
    expected: 'refused, or a till all the same: 403 on publishing',
    line: 'the broker’s setting preferred_username_claims = sub, and the publisher’s password',
    run: (stage) => asPublisher(stage),
  },
  ...(
    [
      'guest:guest',
      'guest:',
      'tillcast-publisher:',
      'tillcast-publisher:tillcast-publisher',
      'tillcast-guardian:',
      'admin:admin',
      'rabbitmq:rabbitmq',
    ] as const
  ).map(
    (pair): Draft => ({
      attempt: `Login as ${pair}`,
      expected: 'refused at login',
      line: 'guest being removed, and no user with a password that can be guessed (tillcast broker provision)',
      run: async (stage) => {
        const [user = '', password = ''] = pair.split(':');
        return refusedWith(await tryLogin(stage.broker, user, password), [403, 530]);
      },
    }),
  ),
  {
    attempt: 'A forged token of the other license is given to its living connection (update-secret)',
    expected: 'refused, and the other license’s changes cannot be bound',
    line: 'the broker’s signing keys and its one algorithm ES256',
    run: (stage) =>
      withTill(stage.broker, stage.own, async (model) => {
        const forged = await forgedToken(stage, 'own key, its own kid');
        const update = model.updateSecret(Buffer.from(forged), 'renewed').then(
          () => 'the forged token was taken',
          (error: unknown) => `refused: ${error instanceof Error ? error.message.slice(0, 80) : 'closed'}`,
        );
        const closed = new Promise<string>((resolve) => {
          model.once('close', () => resolve('refused: the connection was closed'));
        });
        const said = await Promise.race([update, closed]);
        return said.startsWith('refused') ? holds(said) : fails(said);
      }),
  },
];

function otherKey(stage: Stage): string {
  return routingKeyOf(stage.other.licenseKey, 'price_update');
}

function publish(
  stage: Stage,
  channel: ConfirmChannel,
  exchange: string,
  routingKey: string,
  headers: Readonly<Record<string, unknown>> = {},
): void {
  const body = {
    id: randomUUID(),
    type: 'price_update',
    license_key: stage.other.licenseKey,
    epoch: 'forged',
    version: 1,
    digest: '0'.repeat(16),
    payload: {},
  };
  channel.publish(exchange, routingKey, Buffer.from(JSON.stringify(body)), { headers });
}

async function publishToOwn(stage: Stage, channel: ConfirmChannel, header: 'CC' | 'BCC'): Promise<void> {
  const exchange = await declareOwnExchange(channel, stage.own, 'fanout');
  await channel.bindQueue(await declareOwnQueue(channel, stage.own), exchange, '#');
  publish(stage, channel, exchange, otherKey(stage), {
    [header]: [otherKey(stage), stage.otherListener.queue],
  });
}

function tryOut(stage: Stage, act: (channel: ConfirmChannel) => unknown): Promise<Observed> {
  return withTill(stage.broker, stage.own, async (model) => refusedWith(await attempt(model, act)));
}

/** Allowed or not, what counts is that nothing reaches the other license, which the listener watches over. */
function harmless(stage: Stage, act: (channel: ConfirmChannel) => unknown): Promise<Observed> {
  return withTill(stage.broker, stage.own, async (model) => {
    const answer = await attempt(model, act);
    return holds(answer.allowed ? 'allowed, and it led nowhere' : `${answer.code} ${answer.text}`);
  });
}

async function asPublisher(stage: Stage): Promise<Observed> {
  const token = await stage.own.token();
  const answer = await tryLogin(stage.broker, 'tillcast-publisher', token);
  if (!answer.allowed) return refusedWith(answer, [403, 530]);
  const disguised = { ...stage.own, terminalId: 'tillcast-publisher' };
  const published = await withTill(
    stage.broker,
    { ...disguised, token: () => Promise.resolve(token) },
    (model) => attempt(model, (channel) => publish(stage, channel, EVENTS_EXCHANGE.name, otherKey(stage))),
  );
  return refusedWith(published);
}
