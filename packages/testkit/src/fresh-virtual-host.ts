import { inject } from 'vitest';
import { z } from 'zod';
import { createVirtualHost, type FreshVirtualHost, type RabbitmqAddress } from './rabbitmq.ts';
import { askForServer } from './shared-servers.ts';

const portSchema = z.int().positive();
const addressSchema: z.ZodType<RabbitmqAddress> = z.object({
  host: z.string(),
  ports: z.object({
    amqp: portSchema,
    management: portSchema,
    distribution: portSchema,
    epmd: portSchema,
  }),
  managementUrl: z.url(),
  username: z.string(),
  password: z.string(),
  jwksUrl: z.url(),
  signingKey: z.object({
    kid: z.string(),
    privateJwk: z.record(z.string(), z.unknown()),
    publicJwk: z.looseObject({ kid: z.string() }),
  }),
});

/**
 * A new virtual host on the run's shared RabbitMQ. Within a test run only. The first one of a run waits for
 * the node to start. Drop it at the end, or let `await using` do it.
 */
export async function freshVirtualHost(): Promise<FreshVirtualHost> {
  const address = await askForServer(inject('sharedServersUrl'), 'rabbitmq');
  return createVirtualHost(addressSchema.parse(address));
}
