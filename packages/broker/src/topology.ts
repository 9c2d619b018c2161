import { EVENTS_EXCHANGE } from '@tillcast/protocol/topology';
import type { Channel } from 'amqplib';
import { channelError } from './amqp-error.ts';

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
 * Checks that the exchange is there, for a user who may not declare it.
 *
 * @throws `broker_unavailable` when it is not
 */
export async function checkExchange(channel: Channel): Promise<void> {
  try {
    await channel.checkExchange(EVENTS_EXCHANGE.name);
  } catch (error) {
    throw channelError(error, `find the exchange ${EVENTS_EXCHANGE.name}`);
  }
}
