import { TillcastError } from '@tillcast/protocol/errors';
import { EVENTS_EXCHANGE } from '@tillcast/protocol/topology';
import type { Channel } from 'amqplib';
import { channelError } from './amqp-error.ts';
import { watchChannel } from './channel-life.ts';
import type { ChannelSource } from './session.ts';

/**
 * Declares the exchange that all messages go through; nothing happens where it exists as declared here.
 *
 * @throws `broker_topology_conflict` when the broker holds another exchange of this name,
 *   `broker_access_refused` when this user may not declare it
 */
export async function declareExchange(channel: Channel): Promise<void> {
  try {
    await channel.assertExchange(EVENTS_EXCHANGE.name, EVENTS_EXCHANGE.type, {
      durable: EVENTS_EXCHANGE.durable,
    });
  } catch (error) {
    throw channelError(
      error,
      `declare the exchange ${EVENTS_EXCHANGE.name} (${EVENTS_EXCHANGE.type}, durable)`,
    );
  }
}

/**
 * Makes sure that the exchange is there: declares it, or, for a user who may not, finds the one that
 * provisioning made. A refused declaration costs a channel, so both are done on channels of their own.
 *
 * @returns whether this user may declare it: a later call need not ask again
 * @throws `broker_topology_conflict` as {@link declareExchange}; `broker_unavailable` when the user may not
 *   declare it and it is not there
 */
export async function ensureExchange(channels: ChannelSource, mayDeclare: boolean): Promise<boolean> {
  if (mayDeclare) {
    try {
      await onOwnChannel(channels, declareExchange);
      return true;
    } catch (error) {
      if (!(error instanceof TillcastError && error.code === 'broker_access_refused')) throw error;
    }
  }
  await onOwnChannel(channels, findExchange);
  return false;
}

async function findExchange(channel: Channel): Promise<void> {
  const { name } = EVENTS_EXCHANGE;
  try {
    await channel.checkExchange(name);
  } catch (error) {
    const cause = channelError(error, `find the exchange ${name}`);
    throw new TillcastError(
      cause.code,
      `The exchange ${name} is not there, and this user may not declare it. Provision the broker: tillcast broker provision. ${cause.message}`,
      { cause },
    );
  }
}

async function onOwnChannel(
  channels: ChannelSource,
  use: (channel: Channel) => Promise<void>,
): Promise<void> {
  const channel = await channels.createChannel();
  const life = watchChannel(channel);
  try {
    await use(channel);
  } finally {
    await life.close();
  }
}
