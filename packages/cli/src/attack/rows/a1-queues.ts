import { EVENTS_EXCHANGE } from '@tillcast/protocol/topology';
import type { ConfirmChannel } from 'amqplib';
import { attempt, declareOwnExchange, refusedWith, withTill } from '../amqp-probe.ts';
import type { Draft } from '../attack.ts';
import type { AttackTill, Stage } from '../stage.ts';

const OWN_NAMES = 'the token’s scopes configure:, write: and read:*/terminal.<ID>.*';

const TRANSIENT = { exclusive: true, autoDelete: true, durable: false } as const;

/** What may be tried on a queue whose name is known. */
const ON_THE_OTHERS_QUEUE: readonly (readonly [
  string,
  (channel: ConfirmChannel, queue: string) => unknown,
])[] = [
  ['consumed', (channel, queue) => channel.consume(queue, () => undefined)],
  ['read by basic.get', (channel, queue) => channel.get(queue)],
  ['purged', (channel, queue) => channel.purgeQueue(queue)],
  ['deleted', (channel, queue) => channel.deleteQueue(queue)],
  ['declared again', (channel, queue) => channel.assertQueue(queue, TRANSIENT)],
  [
    'looked at (passive declare, which tells how many messages wait)',
    (channel, queue) => channel.checkQueue(queue),
  ],
];

/** Names that are not the till’s, however near. */
const FOREIGN_NAMES: readonly (readonly [string, (own: AttackTill, other: AttackTill) => string])[] = [
  ['a name chosen by the server', () => ''],
  ['terminal.<OTHER ID>.x', (_, other) => `terminal.${other.terminalId}.x`],
  ['terminal.<ITS ID>, without the dot', (own) => `terminal.${own.terminalId}`],
  ['terminal.<ITS ID>0.x, a longer id that begins like it', (own) => `terminal.${own.terminalId}0.x`],
  ['terminal.*.x', () => 'terminal.*.x'],
  ['Terminal.<ITS ID>.x', (own) => `Terminal.${own.terminalId}.x`],
  ['evil', () => 'evil'],
  ['pos_license_events', () => 'pos_license_events'],
];

export const QUEUE_DRAFTS: readonly Draft[] = [
  ...ON_THE_OTHERS_QUEUE.map(
    ([verb, act]): Draft => ({
      attempt: `The other license’s queue, its name known, is ${verb}`,
      expected: 'refused (403, or 405: it is exclusive)',
      line: `${OWN_NAMES}, and the queue being exclusive`,
      run: (stage) => tryOut(stage, (channel) => act(channel, stage.otherListener.queue), [403, 405]),
    }),
  ),
  ...FOREIGN_NAMES.map(
    ([name, nameOf]): Draft => ({
      attempt: `A queue is declared with ${name}`,
      expected: '403',
      line: OWN_NAMES,
      run: (stage) =>
        tryOut(stage, (channel) => channel.assertQueue(nameOf(stage.own, stage.other), TRANSIENT)),
    }),
  ),
  {
    attempt: 'pos_license_events is deleted',
    expected: '403',
    line: 'the token’s scopes, without configure on any exchange but its own',
    run: (stage) => tryOut(stage, (channel) => channel.deleteExchange(EVENTS_EXCHANGE.name)),
  },
  {
    attempt: 'pos_license_events is declared',
    expected: '403',
    line: 'the token’s scopes, without configure on any exchange but its own',
    run: (stage) =>
      tryOut(stage, (channel) => channel.assertExchange(EVENTS_EXCHANGE.name, 'topic', { durable: true })),
  },
  {
    attempt: 'An exchange is declared with a name that is not its own',
    expected: '403',
    line: OWN_NAMES,
    run: (stage) => tryOut(stage, (channel) => channel.assertExchange('evil', 'fanout', { durable: false })),
  },
  {
    attempt:
      'pos_license_events is bound to an exchange of its own, so that what it publishes there goes to all',
    expected: '403',
    line: 'no scope write: on pos_license_events',
    run: (stage) =>
      tryOut(stage, async (channel) => {
        const exchange = await declareOwnExchange(channel, stage.own, 'fanout');
        await channel.bindExchange(EVENTS_EXCHANGE.name, exchange, '');
      }),
  },
  {
    attempt: 'The other license’s queue is bound to an exchange of its own',
    expected: 'refused (403, or 405: it is exclusive)',
    line: OWN_NAMES,
    run: (stage) =>
      tryOut(
        stage,
        async (channel) => {
          const exchange = await declareOwnExchange(channel, stage.own, 'fanout');
          await channel.bindQueue(stage.otherListener.queue, exchange, '');
        },
        [403, 405],
      ),
  },
];

function tryOut(
  stage: Stage,
  act: (channel: ConfirmChannel) => unknown,
  codes?: readonly number[],
): ReturnType<Draft['run']> {
  return withTill(stage.broker, stage.own, async (model) => refusedWith(await attempt(model, act), codes));
}
