import { setTimeout as sleep } from 'node:timers/promises';
import { EVENTS_EXCHANGE } from '@tillcast/protocol/topology';
import type { ConfirmChannel } from 'amqplib';
import { attempt, declareOwnExchange, declareOwnQueue, refusedWith, withTill } from '../amqp-probe.ts';
import { type Draft, fails, holds, type Observed } from '../attack.ts';
import type { Stage } from '../stage.ts';

const LICENSE_SCOPE =
  'the token’s scope read:*/pos_license_events/license.<KEY>.*, which the broker holds every binding against';
const OWN_NAMES_SCOPE = 'the token’s scopes configure:, write: and read:*/terminal.<ID>.*';

/** Patterns that would bring what is not the till’s. */
const FOREIGN_PATTERNS: readonly string[] = [
  '#',
  '*.*.*',
  'license.#',
  'license.*.#',
  'license.*.price_update',
  '#.price_update',
  'license.<OTHER KEY>.#',
  'license.<OTHER KEY>.*',
  'license.<OTHER KEY>.price_update',
  'license.<OTHER KEY>',
  'license.<OTHER KEY>.broadcast.#',
  '*.<OTHER KEY>.#',
  '#.<OTHER KEY>.#',
  'license.<other key>.#',
  'license.<ITS KEY>#',
  'license.<ITS KEY>*.#',
  'License.<ITS KEY>.#',
  'license.*.broadcast.system_notice.#',
  'license.*.broadcast.x.#',
  'license.#.broadcast.#',
  'license.%2A.#',
  '',
];

const FOREIGN_SOURCES: readonly string[] = [
  'amq.topic',
  'amq.direct',
  'amq.fanout',
  'amq.headers',
  'amq.rabbitmq.trace',
];

export const BINDING_DRAFTS: readonly Draft[] = [
  {
    attempt: 'A queue of its own, bound to its own license and to broadcasts',
    expected: 'allowed: a real till does it, and without it the refusals below would prove nothing',
    line: 'the till’s token and its scopes',
    run: (stage) => bindsOwn(stage),
  },
  ...FOREIGN_PATTERNS.map(
    (pattern): Draft => ({
      attempt: `Its own queue bound to the events by ${pattern === '' ? 'the empty key' : pattern}`,
      expected: '403, and nothing delivered',
      line: LICENSE_SCOPE,
      run: (stage) => bindAndLook(stage, EVENTS_EXCHANGE.name, filledIn(pattern, stage)),
    }),
  ),
  ...FOREIGN_SOURCES.map(
    (source): Draft => ({
      attempt: `Its own queue bound to ${source}`,
      expected: '403',
      line: 'the token’s scopes, which name no exchange but pos_license_events',
      run: (stage) => bindAndLook(stage, source, '#'),
    }),
  ),
  {
    attempt: 'An exchange of its own bound to the events by # (exchange.bind), with a queue behind it',
    expected: '403',
    line: LICENSE_SCOPE,
    run: (stage) =>
      withTill(stage.broker, stage.own, async (model) => {
        const answer = await attempt(model, async (channel) => {
          const exchange = await declareOwnExchange(channel, stage.own, 'topic');
          const queue = await declareOwnQueue(channel, stage.own);
          await channel.bindQueue(queue, exchange, '#');
          await channel.bindExchange(exchange, EVENTS_EXCHANGE.name, '#');
        });
        return refusedWith(answer);
      }),
  },
  {
    attempt: 'The other license’s queue bound to its own license',
    expected: 'refused',
    line: OWN_NAMES_SCOPE,
    run: (stage) =>
      broker(stage, (channel) =>
        channel.bindQueue(
          stage.otherListener.queue,
          EVENTS_EXCHANGE.name,
          `license.${stage.own.licenseKey}.#`,
        ),
      ),
  },
  {
    attempt: 'The other license’s queue unbound from its own license’s changes',
    expected: 'refused, and it goes on hearing',
    line: OWN_NAMES_SCOPE,
    run: (stage) =>
      broker(stage, (channel) =>
        channel.unbindQueue(
          stage.otherListener.queue,
          EVENTS_EXCHANGE.name,
          `license.${stage.other.licenseKey}.#`,
        ),
      ),
  },
];

function filledIn(pattern: string, { own, other }: Stage): string {
  return pattern
    .replace('<OTHER KEY>', other.licenseKey)
    .replace('<other key>', other.licenseKey.toLowerCase())
    .replace('<ITS KEY>', own.licenseKey);
}

async function bindsOwn(stage: Stage): Promise<Observed> {
  return withTill(stage.broker, stage.own, async (model) => {
    const answer = await attempt(model, async (channel) => {
      const queue = await declareOwnQueue(channel, stage.own);
      await channel.bindQueue(queue, EVENTS_EXCHANGE.name, `license.${stage.own.licenseKey}.#`);
      await channel.bindQueue(queue, EVENTS_EXCHANGE.name, 'license.*.broadcast.#');
      const { version } = await stage.operator.changePrice(stage.own.licenseKey);
      await stage.ownListener.hear(version);
    });
    return answer.allowed
      ? holds('allowed, and its own change came')
      : fails(`${answer.code} ${answer.text}`);
  });
}

/** Binds, and where that is allowed looks whether the other license’s next change comes. */
async function bindAndLook(stage: Stage, source: string, pattern: string): Promise<Observed> {
  return withTill(stage.broker, stage.own, async (model) => {
    let came = 'nothing came of it yet';
    const answer = await attempt(model, async (channel) => {
      const queue = await declareOwnQueue(channel, stage.own);
      await channel.bindQueue(queue, source, pattern);
      came = await lookFor(stage, channel, queue);
    });
    return answer.allowed ? fails(`allowed, and ${came}`) : refusedWith(answer);
  });
}

async function lookFor(stage: Stage, channel: ConfirmChannel, queue: string): Promise<string> {
  const { version } = await stage.operator.changePrice(stage.other.licenseKey);
  await stage.otherListener.hear(version);
  await sleep(50);
  const message = await channel.get(queue, { noAck: true });
  if (message === false) return 'nothing was delivered';
  return `${message.fields.routingKey} was delivered to it`;
}

function broker(stage: Stage, act: (channel: ConfirmChannel) => unknown): Promise<Observed> {
  return withTill(stage.broker, stage.own, async (model) =>
    refusedWith(await attempt(model, act), [403, 404, 405]),
  );
}
