import type { BrokerState } from './broker-state.ts';
import { BLOCK_TAG, type DesiredBroker } from './desired-broker.ts';
import { permissionText, tagText } from './desired-lines.ts';
import { type Finding, shellWord } from './finding.ts';
import { hasLimits, isTerminalId, TERMINAL_LIMITS } from './terminal-users.ts';

const NO_NAMES: readonly string[] = ['^$', ''];

/**
 * What users there are who should not be: any who may do something in the virtual host, or administer the
 * broker, and is neither ours nor known to the operator; blocks that block nothing; and users of terminals' names
 * that do more than to hold their limits.
 * @param known names of the operator's own users
 */
export function auditUsers(
  state: BrokerState,
  desired: DesiredBroker,
  known: readonly string[],
): readonly Finding[] {
  const ours = [...desired.users.map(({ name }) => name), ...desired.absentUsers];
  const expected = new Set([...ours, ...known, state.observer]);
  const strangers = state.users.filter(({ name }) => !expected.has(name));
  return [
    ...strangers.flatMap(({ name, tags }) => strangerFindings(name, tags, state, desired)),
    ...state.users.filter(({ tags }) => tags.includes(BLOCK_TAG)).flatMap((block) => blockFindings(block)),
    ...strangers
      .filter(({ name, tags }) => isTerminalId(name) && !tags.includes(BLOCK_TAG))
      .flatMap((user) => terminalFindings(user)),
  ];
}

function strangerFindings(
  name: string,
  tags: readonly string[],
  state: BrokerState,
  { vhost, exchange }: DesiredBroker,
): readonly Finding[] {
  const permission = state.permissions.find((each) => each.user === name && each.vhost === vhost);
  const hasTopicRow = state.topicPermissions.some(
    (each) => each.user === name && each.exchange === exchange.name,
  );
  return [
    ...(tags.includes('administrator')
      ? [
          {
            what: `user ${name}`,
            expected: 'not there, or known',
            observed: `${tagText(tags)}: it may give itself any permission`,
            mend: `rabbitmqctl set_user_tags ${shellWord(name)}`,
          },
        ]
      : []),
    ...(permission === undefined
      ? []
      : [
          {
            what: `permission of ${name} in ${vhost}`,
            expected: 'none',
            observed: permissionText(permission),
            mend: `rabbitmqctl clear_permissions -p ${shellWord(vhost)} ${shellWord(name)}`,
          },
        ]),
    ...(permission === undefined || hasTopicRow || !reaches(permission, exchange.name)
      ? []
      : [
          {
            what: `topic permission of ${name} on ${exchange.name} in ${vhost}`,
            expected: 'one, or no permission at all',
            observed: 'missing: every routing key is open to it',
            mend: `rabbitmqctl set_topic_permissions -p ${shellWord(vhost)} ${shellWord(name)} ${exchange.name} '^$' '^$'`,
          },
        ]),
  ];
}

/** Whether a permission lets its user publish to or read from an exchange; in doubt it does. */
function reaches(permission: { readonly write: string; readonly read: string }, exchange: string): boolean {
  return [permission.write, permission.read].some((pattern) => {
    if (NO_NAMES.includes(pattern)) return false;
    return matches(pattern, exchange);
  });
}

/** Whether one of RabbitMQ's regular expressions matches a name; one that is not JavaScript's too counts as matching. */
export function matches(pattern: string, name: string): boolean {
  try {
    return new RegExp(pattern).test(name);
  } catch {
    return true;
  }
}

function blockFindings({
  name,
  passwordHash,
  limits,
  tags,
}: BrokerState['users'][number]): readonly Finding[] {
  const isTight = passwordHash === '' && limits['max-connections'] === 0 && tags.length === 1;
  if (isTight) return [];
  return [
    {
      what: `block of ${name}`,
      expected: `no password, max-connections 0, ${tagText([BLOCK_TAG])}`,
      observed: `${passwordHash === '' ? 'no password' : 'a password'}, max-connections ${limits['max-connections'] ?? 'without limit'}, ${tagText(tags)}`,
      mend: `rabbitmqctl set_user_limits ${shellWord(name)} '{"max-connections":0}' && rabbitmqctl clear_password ${shellWord(name)} && rabbitmqctl set_user_tags ${shellWord(name)} ${BLOCK_TAG}`,
    },
  ];
}

function terminalFindings({
  name,
  passwordHash,
  limits,
  tags,
}: BrokerState['users'][number]): readonly Finding[] {
  if (passwordHash === '' && tags.length === 0 && hasLimits(limits, TERMINAL_LIMITS)) return [];
  const limitText = (of: Readonly<Record<string, number>>): string =>
    ['max-connections', 'max-channels'].map((each) => `${each} ${of[each] ?? 'without limit'}`).join(', ');
  return [
    {
      what: `user of terminal ${name}`,
      expected: `no password, no tags, ${limitText({ ...TERMINAL_LIMITS })}`,
      observed: `${passwordHash === '' ? 'no password' : 'a password'}, ${tagText(tags)}, ${limitText(limits)}`,
      mend: `rabbitmqctl delete_user ${name} (the backend makes it anew)`,
    },
  ];
}
