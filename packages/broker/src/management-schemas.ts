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
}

export const exchangesSchema: z.ZodType<ListedExchange[]> = z.array(
  z.object({ name: z.string(), type: z.string(), durable: z.boolean() }),
);

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
