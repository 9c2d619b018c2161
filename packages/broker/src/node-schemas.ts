import { z } from 'zod';

/** A node of the broker. */
export interface BrokerNode {
  readonly name: string;
  /** Whether the others see it. */
  readonly running: boolean;
  /** Null where they are not told (yet): they come with the statistics, some seconds after the node's start. */
  readonly plugins: readonly string[] | null;
  /** Those that are switched on: `PLAIN`, `ANONYMOUS`. */
  readonly authMechanisms: readonly string[];
  readonly health: NodeHealth;
}

/** How a node is, as the node that was asked sees it. */
export interface NodeHealth {
  /** Nodes that it lost sight of and has not joined again since. */
  readonly partitions: readonly string[];
  readonly memoryAlarm: boolean;
  readonly diskAlarm: boolean;
  /** Null where they are not told (yet). */
  readonly diskFreeBytes: number | null;
  readonly diskFreeLimitBytes: number | null;
}

export const brokerNodesSchema: z.ZodType<BrokerNode[]> = z.array(
  z
    .object({
      name: z.string(),
      enabled_plugins: z.array(z.string()).nullable().default(null),
      auth_mechanisms: z.array(z.object({ name: z.string(), enabled: z.boolean() })).default([]),
      running: z.boolean().default(true),
      partitions: z.array(z.string()).default([]),
      mem_alarm: z.boolean().default(false),
      disk_free_alarm: z.boolean().default(false),
      // Text where the node cannot tell: "NaN".
      disk_free: z.number().nullable().catch(null).default(null),
      disk_free_limit: z.number().nullable().catch(null).default(null),
    })
    .transform((raw) => ({
      name: raw.name,
      running: raw.running,
      plugins: raw.enabled_plugins,
      authMechanisms: raw.auth_mechanisms.filter(({ enabled }) => enabled).map(({ name }) => name),
      health: {
        partitions: raw.partitions,
        memoryAlarm: raw.mem_alarm,
        diskAlarm: raw.disk_free_alarm,
        diskFreeBytes: raw.disk_free,
        diskFreeLimitBytes: raw.disk_free_limit,
      },
    })),
);
