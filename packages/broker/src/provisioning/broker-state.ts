import type { ManagementClient, Policy } from '../management.ts';
import type {
  ListedBinding,
  ListedExchange,
  ListedParameter,
  ListedPolicy,
  ListedQueue,
  ListedUser,
  Listener,
  Permissions,
  TopicPermissions,
  VirtualHost,
} from '../management-schemas.ts';

import type { BrokerNode } from '../node-schemas.ts';

/** All that is looked at of a broker: read once, then compared. */
export interface BrokerState {
  /** The user that looks. */
  readonly observer: string;
  /** Null where there is no such virtual host; then there is nothing in it either. */
  readonly vhost: VirtualHost | null;
  readonly vhostLimits: Readonly<Record<string, number>>;
  readonly exchanges: readonly ListedExchange[];
  readonly queues: readonly ListedQueue[];
  readonly bindings: readonly ListedBinding[];
  readonly policies: readonly ListedPolicy[];
  readonly operatorPolicies: readonly ListedPolicy[];
  readonly topicPermissions: readonly (TopicPermissions & { readonly user: string })[];
  readonly users: readonly ListedUser[];
  /** In all virtual hosts. */
  readonly permissions: readonly (Permissions & { readonly user: string; readonly vhost: string })[];
  readonly parameters: readonly ListedParameter[];
  readonly nodes: readonly BrokerNode[];
  readonly listeners: readonly Listener[];
}

/** Reads a broker's state. @param vhost the virtual host that matters */
export async function readBrokerState(management: ManagementClient, vhost: string): Promise<BrokerState> {
  const found = await management.findVhost(vhost);
  const [observer, users, permissions, parameters, nodes, listeners] = await Promise.all([
    management.whoami(),
    management.listUsers(),
    management.listPermissions(),
    management.listParameters(),
    management.listNodes(),
    management.listListeners(),
  ]);
  const broker = { observer, users, permissions, parameters, nodes, listeners };
  if (found === null) return { vhost: null, ...broker, ...EMPTY_VHOST };
  const [vhostLimits, exchanges, queues, bindings, policies, operatorPolicies, topicPermissions] =
    await Promise.all([
      management.vhostLimits(vhost),
      management.listExchanges(vhost),
      management.listQueues(vhost),
      management.listBindings(vhost),
      management.listPolicies(vhost),
      management.listOperatorPolicies(vhost),
      management.listTopicPermissions(vhost),
    ]);
  const inVhost = { vhostLimits, exchanges, queues, bindings, policies, operatorPolicies, topicPermissions };
  return { vhost: found, ...broker, ...inVhost };
}

const EMPTY_VHOST = {
  vhostLimits: {},
  exchanges: [],
  queues: [],
  bindings: [],
  policies: [],
  operatorPolicies: [],
  topicPermissions: [],
} as const;

/** Whether a policy at the broker is the wanted one. */
export function isSamePolicy(listed: ListedPolicy, wanted: Policy): boolean {
  const keys = Object.keys(wanted.definition);
  return (
    listed.pattern === wanted.pattern &&
    listed.applyTo === wanted.applyTo &&
    listed.priority === (wanted.priority ?? 0) &&
    Object.keys(listed.definition).length === keys.length &&
    keys.every((key) => listed.definition[key] === wanted.definition[key])
  );
}
