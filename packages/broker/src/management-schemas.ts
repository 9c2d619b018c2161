import { z } from 'zod';

/** The broker's identity. */
export interface BrokerOverview {
  readonly rabbitmqVersion: string;
  readonly erlangVersion: string;
  readonly clusterName: string;
  readonly node: string;
}

export const overviewSchema: z.ZodType<BrokerOverview> = z
  .object({
    rabbitmq_version: z.string(),
    erlang_version: z.string(),
    cluster_name: z.string(),
    node: z.string(),
  })
  .transform((raw) => ({
    rabbitmqVersion: raw.rabbitmq_version,
    erlangVersion: raw.erlang_version,
    clusterName: raw.cluster_name,
    node: raw.node,
  }));

/** A connection as the management API lists it. Its statistics come some seconds after it was opened; until then its user may be unknown. */
export interface ListedConnection {
  readonly name: string;
  readonly user: string | null;
  readonly vhost: string | null;
  /** The name that the client gave itself (`connection_name`). */
  readonly clientName: string | null;
  readonly connectedAtMs: number | null;
}

export const connectionsSchema: z.ZodType<ListedConnection[]> = z.array(
  z
    .object({
      name: z.string(),
      user: z.string().optional(),
      vhost: z.string().optional(),
      user_provided_name: z.string().optional(),
      connected_at: z.number().optional(),
    })
    .transform((raw) => ({
      name: raw.name,
      user: raw.user ?? null,
      vhost: raw.vhost ?? null,
      clientName: raw.user_provided_name ?? null,
      connectedAtMs: raw.connected_at ?? null,
    })),
);

/** A page of connections. */
export const connectionPageSchema: z.ZodType<{
  readonly items: ListedConnection[];
  readonly pageCount: number;
}> = z
  .object({ items: connectionsSchema, page_count: z.number() })
  .transform((raw) => ({ items: raw.items, pageCount: raw.page_count }));

/** A queue as the management API lists it; the counts come with the statistics, some seconds after its declaration. */
export interface ListedQueue {
  readonly name: string;
  readonly durable: boolean;
  readonly exclusive: boolean;
  readonly autoDelete: boolean;
  readonly messages: number | null;
  readonly consumers: number | null;
}

export const queuesSchema: z.ZodType<ListedQueue[]> = z.array(
  z
    .object({
      name: z.string(),
      durable: z.boolean(),
      exclusive: z.boolean(),
      auto_delete: z.boolean(),
      messages: z.number().optional(),
      consumers: z.number().optional(),
    })
    .transform((raw) => ({
      name: raw.name,
      durable: raw.durable,
      exclusive: raw.exclusive,
      autoDelete: raw.auto_delete,
      messages: raw.messages ?? null,
      consumers: raw.consumers ?? null,
    })),
);

/** A queue's name, and whether it goes with its connection. */
export interface QueueName {
  readonly name: string;
  readonly exclusive: boolean;
}

export const queueNamesSchema: z.ZodType<QueueName[]> = z.array(
  z.object({ name: z.string(), exclusive: z.boolean() }),
);

/** A page of names. 3.10 says 0 pages of none. */
export const namePageSchema: z.ZodType<{ readonly names: string[]; readonly pageCount: number }> = z
  .object({ items: z.array(z.object({ name: z.string() })), page_count: z.number() })
  .transform((raw) => ({ names: raw.items.map(({ name }) => name), pageCount: raw.page_count }));

/** Whose a connection is; null where that is not known yet. */
export interface ConnectionUser {
  readonly user: string | null;
  readonly vhost: string | null;
}

export const connectionUsersSchema: z.ZodType<ConnectionUser[]> = z.array(
  z
    .object({ user: z.string().optional(), vhost: z.string().optional() })
    .transform(({ user = null, vhost = null }) => ({ user, vhost })),
);

/** A binding. `source` is empty for the default exchange's. */
export interface ListedBinding {
  readonly source: string;
  readonly destination: string;
  readonly destinationType: string;
  readonly routingKey: string;
}

export const bindingsSchema: z.ZodType<ListedBinding[]> = z.array(
  z
    .object({
      source: z.string(),
      destination: z.string(),
      destination_type: z.string(),
      routing_key: z.string(),
    })
    .transform((raw) => ({
      source: raw.source,
      destination: raw.destination,
      destinationType: raw.destination_type,
      routingKey: raw.routing_key,
    })),
);

/** An exchange. */
export interface ListedExchange {
  readonly name: string;
  readonly type: string;
  readonly durable: boolean;
  readonly autoDelete: boolean;
  readonly internal: boolean;
  /** `alternate-exchange` among them. */
  readonly arguments: Readonly<Record<string, unknown>>;
}

export const exchangeSchema: z.ZodType<ListedExchange> = z
  .object({
    name: z.string(),
    type: z.string(),
    durable: z.boolean(),
    auto_delete: z.boolean(),
    internal: z.boolean(),
    arguments: z.record(z.string(), z.unknown()),
  })
  .transform(({ auto_delete, ...raw }) => ({ ...raw, autoDelete: auto_delete }));

export const exchangesSchema: z.ZodType<ListedExchange[]> = z.array(exchangeSchema);

/** A user's permissions in a virtual host: regular expressions over names. */
export interface Permissions {
  readonly configure: string;
  readonly write: string;
  readonly read: string;
}

/** A user's topic permissions on one exchange: regular expressions over routing keys. A user without any may do anything there. */
export interface TopicPermissions {
  readonly exchange: string;
  readonly write: string;
  readonly read: string;
}

export const topicPermissionsSchema: z.ZodType<
  (TopicPermissions & { readonly user: string; readonly vhost: string })[]
> = z.array(
  z.object({
    user: z.string(),
    vhost: z.string(),
    exchange: z.string(),
    write: z.string(),
    read: z.string(),
  }),
);

export const nodesSchema: z.ZodType<
  { readonly name: string; readonly mem_alarm: boolean; readonly disk_free_alarm: boolean }[]
> = z.array(
  z.object({
    name: z.string(),
    mem_alarm: z.boolean().default(false),
    disk_free_alarm: z.boolean().default(false),
  }),
);

export const whoamiSchema: z.ZodType<{ readonly name: string }> = z.object({ name: z.string() });

/** Where a node listens, and for what. */
export interface Listener {
  readonly node: string;
  /** `amqp`, `amqp/ssl`, `http`, `https`, `clustering`, and those of plugins. */
  readonly protocol: string;
  readonly address: string;
  readonly port: number;
}

export const listenersSchema: z.ZodType<{ readonly listeners: Listener[] }> = z.object({
  listeners: z.array(
    z
      .object({
        node: z.string(),
        protocol: z.string(),
        ip_address: z.string(),
        port: z.number(),
        // 3.10 says `::` of an HTTP listener whatever it is bound to; its options tell.
        socket_opts: z.union([z.object({ ip: z.string().optional() }), z.array(z.unknown())]).optional(),
      })
      .transform((raw) => ({
        node: raw.node,
        protocol: raw.protocol,
        address:
          raw.socket_opts === undefined || Array.isArray(raw.socket_opts)
            ? raw.ip_address
            : (raw.socket_opts.ip ?? raw.ip_address),
        port: raw.port,
      })),
  ),
});

/** A virtual host. */
export interface VirtualHost {
  readonly name: string;
  /** Whether the firehose runs: every message is copied to `amq.rabbitmq.trace`. */
  readonly tracing: boolean;
}

export const vhostSchema: z.ZodType<VirtualHost> = z.object({
  name: z.string(),
  tracing: z.boolean().default(false),
});
export const vhostsSchema: z.ZodType<VirtualHost[]> = z.array(vhostSchema);

/** A user that the broker keeps itself. */
export interface ListedUser {
  readonly name: string;
  /** Empty for one that nobody can log in as. */
  readonly passwordHash: string;
  readonly hashingAlgorithm: string;
  readonly tags: readonly string[];
  readonly limits: Readonly<Record<string, number>>;
}

/** An empty one is listed as an empty list. */
const limitsSchema: z.ZodType<Readonly<Record<string, number>>> = z
  .union([z.record(z.string(), z.number()), z.array(z.never())])
  .default({})
  .transform((raw) => (Array.isArray(raw) ? {} : raw));

/** A user's name and limits. */
export interface NamedLimits {
  readonly name: string;
  readonly limits: Readonly<Record<string, number>>;
}

export const userLimitsSchema: z.ZodType<NamedLimits[]> = z.array(
  z.object({ name: z.string(), limits: limitsSchema }),
);

export const usersSchema: z.ZodType<ListedUser[]> = z.array(
  z
    .object({
      name: z.string(),
      password_hash: z.string(),
      hashing_algorithm: z.string(),
      tags: z.array(z.string()),
      limits: limitsSchema,
    })
    .transform((raw) => ({
      name: raw.name,
      passwordHash: raw.password_hash,
      hashingAlgorithm: raw.hashing_algorithm,
      tags: raw.tags,
      limits: raw.limits,
    })),
);

export const permissionsSchema: z.ZodType<
  (Permissions & { readonly user: string; readonly vhost: string })[]
> = z.array(
  z.object({
    user: z.string(),
    vhost: z.string(),
    configure: z.string(),
    write: z.string(),
    read: z.string(),
  }),
);

/** A policy as it stands at the broker. */
export interface ListedPolicy {
  readonly name: string;
  readonly pattern: string;
  readonly applyTo: string;
  readonly priority: number;
  readonly definition: Readonly<Record<string, unknown>>;
}

export const policiesSchema: z.ZodType<ListedPolicy[]> = z.array(
  z
    .object({
      name: z.string(),
      pattern: z.string(),
      'apply-to': z.string(),
      priority: z.number(),
      definition: z.record(z.string(), z.unknown()),
    })
    .transform(({ 'apply-to': applyTo, ...raw }) => ({ ...raw, applyTo })),
);

/** A runtime parameter. */
export interface ListedParameter {
  /** `shovel`, `federation-upstream`, … */
  readonly component: string;
  readonly vhost: string;
  readonly name: string;
}

export const parametersSchema: z.ZodType<ListedParameter[]> = z.array(
  z.object({ component: z.string(), vhost: z.string(), name: z.string() }),
);

export const vhostLimitsSchema: z.ZodType<
  { readonly vhost: string; readonly value: Readonly<Record<string, number>> }[]
> = z.array(z.object({ vhost: z.string(), value: z.record(z.string(), z.number()) }));
