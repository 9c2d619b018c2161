import {
  type BrokerAttempt,
  type BrokerProbe,
  EnvironmentReader,
  probeBroker,
  readBrokerConfig,
} from '@tillcast/broker';
import { EVENTS_EXCHANGE } from '@tillcast/protocol/topology';
import type { Place } from '../place.ts';
import { type Known, known, unknown } from './facts.ts';

/** A license that nobody has: what is published for it reaches nobody. */
const NOBODYS_KEY = 'license.TILLCAST-DOCTOR.price_update';

/** What the backend does at its start and with each change. */
export const PUBLISHER_ATTEMPTS: readonly BrokerAttempt[] = [
  {
    what: `find the exchange ${EVENTS_EXCHANGE.name}`,
    act: (channel) => channel.checkExchange(EVENTS_EXCHANGE.name),
  },
  {
    what: `publish a change to ${EVENTS_EXCHANGE.name}`,
    act: async (channel) => channel.publish(EVENTS_EXCHANGE.name, NOBODYS_KEY, Buffer.from('{}')),
  },
];

/** Goes the publisher's way to each address of the broker by itself, as nobody else does: a client is content with one. */
export async function probeLines(place: Place): Promise<Known<readonly BrokerProbe[]>> {
  const reader = new EnvironmentReader(place.env);
  const isNamed = reader.hasSecret('AMQP_URL') || reader.text('RABBITMQ_HOST') !== null;
  if (!isNamed) return unknown('AMQP_URL is not set here');
  const { urls, caPem } = readBrokerConfig(reader);
  if (urls.length === 0) return unknown('AMQP_URL is not valid; see the configuration');
  return known(
    await Promise.all(urls.map((url) => probeBroker({ url, caPem, attempts: PUBLISHER_ATTEMPTS }))),
  );
}
