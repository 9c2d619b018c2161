import type { ManagementClient } from '../management.ts';
import { type BrokerState, isSamePolicy } from './broker-state.ts';
import type { DesiredBroker, DesiredUser } from './desired-broker.ts';
import type { AuditArea } from './finding.ts';

/** One thing that must hold of a broker: how to see it, and how to bring it about. */
export interface DesiredLine {
  readonly area: AuditArea;
  /** `topic permission of tillcast-publisher on pos_license_events` */
  readonly what: string;
  readonly expected: string;
  /** What is there instead; null where it holds. */
  differs(state: BrokerState): string | null;
  mend(management: ManagementClient): Promise<void>;
}

const ABSENT = 'missing';
const LIMITS = ['max-connections', 'max-channels'] as const;
const VHOST_LIMITS = ['max-connections', 'max-queues'] as const;

/**
 * Everything that provisioning writes and an audit looks for, line by line, in the order in which it is
 * written: what a user may not do stands before anybody can log in as it, since RabbitMQ lets a user without a
 * topic permission use any routing key.
 */
export function desiredLines(desired: DesiredBroker): readonly DesiredLine[] {
  return [
    vhostLine(desired.vhost),
    ...VHOST_LIMITS.map((limit) => vhostLimitLine(desired.vhost, limit, desired.vhostLimits[limit])),
    ...desired.policies.map((policy) => policyLine(policy)),
    exchangeLine(desired),
    ...desired.users.flatMap((user) => userLines(user, desired.vhost)),
    ...desired.absentUsers.map((name) => absentUserLine(name)),
  ];
}

function vhostLine(vhost: string): DesiredLine {
  return {
    area: 'host',
    what: `virtual host ${vhost}`,
    expected: 'there',
    differs: (state) => (state.vhost === null ? ABSENT : null),
    mend: (management) => management.createVhost(vhost),
  };
}

function vhostLimitLine(vhost: string, limit: 'max-connections' | 'max-queues', value: number): DesiredLine {
  return {
    area: 'host',
    what: `limit ${limit} of virtual host ${vhost}`,
    expected: String(value),
    differs: (state) => differing(state.vhostLimits[limit], value),
    mend: (management) => management.setVhostLimit(vhost, limit, value),
  };
}

function policyLine(policy: DesiredBroker['policies'][number]): DesiredLine {
  return {
    area: 'policies',
    what: `policy ${policy.name}`,
    expected: policyText({ ...policy, priority: policy.priority ?? 0 }),
    differs: (state) => {
      const listed = state.policies.find(({ name }) => name === policy.name);
      if (listed === undefined) return ABSENT;
      return isSamePolicy(listed, policy) ? null : policyText(listed);
    },
    mend: (management) => management.setPolicy(policy),
  };
}

export function policyText(policy: {
  readonly pattern: string;
  readonly applyTo: string;
  readonly priority: number;
  readonly definition: Readonly<Record<string, unknown>>;
}): string {
  const { pattern, applyTo, priority, definition } = policy;
  return `${pattern} on ${applyTo}, priority ${priority}: ${JSON.stringify(definition)}`;
}

function exchangeLine({ vhost, exchange }: DesiredBroker): DesiredLine {
  const { name, type, durable } = exchange;
  return {
    area: 'exchange',
    what: `exchange ${name}`,
    expected: `${type}, durable`,
    differs: (state) => {
      const found = state.exchanges.find((each) => each.name === name);
      if (found === undefined) return ABSENT;
      const isRight =
        found.type === type && found.durable === durable && !found.autoDelete && !found.internal;
      const plain = isRight && Object.keys(found.arguments).length === 0;
      return plain ? null : `${found.type}, ${found.durable ? '' : 'not '}durable${flags(found)}`;
    },
    // By definitions, for which the asking user needs no permission in the virtual host.
    mend: (management) => management.importDefinitions({ exchanges: [{ vhost, name, type, durable }] }),
  };
}

function flags(exchange: BrokerState['exchanges'][number]): string {
  const { autoDelete, internal } = exchange;
  const settings =
    Object.keys(exchange.arguments).length > 0 ? `, ${JSON.stringify(exchange.arguments)}` : '';
  return `${autoDelete ? ', auto-delete' : ''}${internal ? ', internal' : ''}${settings}`;
}

function userLines(user: DesiredUser, vhost: string): readonly DesiredLine[] {
  return [
    {
      area: 'users',
      what: `user ${user.name}`,
      expected: `there, ${tagText(user.tags)}`,
      differs: (state) => {
        const found = state.users.find(({ name }) => name === user.name);
        if (found === undefined) return ABSENT;
        return tagText(found.tags) === tagText(user.tags) ? null : tagText(found.tags);
      },
      mend: (management) => management.putUserTags(user.name, user.tags),
    },
    ...LIMITS.flatMap((limit): readonly DesiredLine[] => {
      const value = user.limits[limit];
      if (value === undefined) return [];
      return [
        {
          area: 'users',
          what: `limit ${limit} of user ${user.name}`,
          expected: String(value),
          differs: (state) =>
            differing(state.users.find((each) => each.name === user.name)?.limits[limit], value),
          mend: (management) => management.setUserLimit(user.name, limit, value),
        },
      ];
    }),
    ...user.topicPermissions.map((topic): DesiredLine => {
      const expected = `write ${topic.write} read ${topic.read}`;
      return {
        area: 'users',
        what: `topic permission of ${user.name} on ${topic.exchange} in ${vhost}`,
        expected,
        differs: (state) => {
          const found = state.topicPermissions.find(
            (each) => each.user === user.name && each.exchange === topic.exchange,
          );
          if (found === undefined) return `${ABSENT}: every routing key is open to it`;
          const observed = `write ${found.write} read ${found.read}`;
          return observed === expected ? null : observed;
        },
        mend: (management) => management.setTopicPermissions({ vhost, user: user.name, ...topic }),
      };
    }),
    permissionLine(user, vhost),
  ];
}

function permissionLine({ name, permissions }: DesiredUser, vhost: string): DesiredLine {
  if (permissions === null) return noPermissionLine(name);
  const expected = permissionText(permissions);
  return {
    area: 'users',
    what: `permission of ${name} in ${vhost}`,
    expected,
    differs: (state) => {
      const found = state.permissions.find((each) => each.user === name && each.vhost === vhost);
      const observed = found === undefined ? 'none' : permissionText(found);
      return observed === expected ? null : observed;
    },
    mend: (management) => management.setPermissions({ vhost, user: name, ...permissions }),
  };
}

function noPermissionLine(name: string): DesiredLine {
  return {
    area: 'users',
    what: `permission of ${name} in any virtual host`,
    expected: 'none',
    differs: (state) => {
      const found = state.permissions.filter(({ user }) => user === name);
      return found.length === 0
        ? null
        : found.map((each) => `${permissionText(each)} in ${each.vhost}`).join(', ');
    },
    mend: async (management) => {
      for (const { user, vhost } of await management.listPermissions()) {
        if (user === name) await management.clearPermissions(vhost, name);
      }
    },
  };
}

function absentUserLine(name: string): DesiredLine {
  return {
    area: 'users',
    what: `user ${name}`,
    expected: 'not there',
    differs: (state) => (state.users.some((user) => user.name === name) ? 'there' : null),
    mend: (management) => management.deleteUser(name),
  };
}

export function permissionText(of: {
  readonly configure: string;
  readonly write: string;
  readonly read: string;
}): string {
  return `configure ${of.configure} write ${of.write} read ${of.read}`;
}

export function tagText(tags: readonly string[]): string {
  return tags.length === 0 ? 'no tags' : `tags ${tags.toSorted().join(' ')}`;
}

function differing(observed: number | undefined, expected: number): string | null {
  if (observed === expected) return null;
  return observed === undefined ? 'no limit' : String(observed);
}
