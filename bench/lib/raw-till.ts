import { connect, credentials } from 'amqplib';
import type { SecuredSystem } from './secured-system.ts';

/** How a raw connection logs in with a token, and what it declares then. */
export interface RawLogin {
  readonly user: string;
  readonly password: string;
  readonly queue: string;
  readonly bindings: readonly string[];
}

/**
 * What a till does at the broker, with amqplib alone: connect, declare a queue, two bindings, consume.
 * @param login left out: a password, and names of its own
 * @returns leaves again
 */
export async function attachRaw(system: SecuredSystem, login?: RawLogin): Promise<() => Promise<void>> {
  const connection = await connect(
    `${login === undefined ? system.rawAmqpUrl : system.amqpUrl}?heartbeat=10`,
    {
      noDelay: true,
      ...(login === undefined ? {} : { credentials: credentials.plain(login.user, login.password) }),
    },
  );
  const channel = await connection.createChannel();
  const { queue } = await channel.assertQueue(login?.queue ?? `raw.${crypto.randomUUID()}`, {
    exclusive: true,
    autoDelete: true,
    durable: false,
  });
  for (const binding of login?.bindings ?? ['raw.one.#', 'raw.two.#'])
    await channel.bindQueue(queue, 'pos_license_events', binding);
  await channel.prefetch(100);
  await channel.consume(queue, () => undefined);
  return () => connection.close();
}
