import { isLicenseKey } from '@tillcast/protocol/license-key';
import type { ListedBinding } from '../management-schemas.ts';
import type { BrokerState } from './broker-state.ts';
import type { DesiredBroker } from './desired-broker.ts';
import { type Finding, shellWord, someOf } from './finding.ts';

const UUID = '[0-9a-f]{8}(?:-[0-9a-f]{4}){3}-[0-9a-f]{12}';
const TERMINAL_QUEUE = new RegExp(`^terminal\\.(${UUID})\\.[^.]+$`, 'i');
const BROADCASTS = 'license.*.broadcast.#';
const LICENSE_BINDING = /^license\.([^.]+)\.#$/;

/**
 * Which ways a message can take that it should not: bindings of the exchange to anything but a terminal's
 * queue, by anything but its one license's pattern and that of broadcasts; other exchanges fed from it or
 * feeding it; a trace of all messages.
 */
export function auditRouting(state: BrokerState, desired: DesiredBroker): readonly Finding[] {
  const { exchange, vhost } = desired;
  const out = state.bindings.filter(({ source }) => source === exchange.name);
  const into = state.bindings.filter(
    ({ source, destination, destinationType }) =>
      source !== '' && destinationType === 'exchange' && destination === exchange.name,
  );
  return [
    ...out.flatMap((binding) => bindingFindings(binding, desired)),
    ...queueFindings(out, vhost),
    ...into.map((binding) => exchangeBinding(binding, desired)),
    ...foreignExchanges(state, vhost),
    ...keptQueues(state, vhost),
    ...(state.vhost?.tracing === true
      ? [
          {
            what: `trace of virtual host ${vhost}`,
            expected: 'off',
            observed: 'on: every message is copied to amq.rabbitmq.trace',
            mend: `rabbitmqctl trace_off -p ${shellWord(vhost)}`,
          },
        ]
      : []),
  ];
}

function bindingFindings(binding: ListedBinding, desired: DesiredBroker): readonly Finding[] {
  const { destination, destinationType, routingKey, source } = binding;
  const { vhost } = desired;
  if (destinationType !== 'queue') return [exchangeBinding(binding, desired)];
  const what = `binding ${routingKey} of ${source} to queue ${destination}`;
  const findings: Finding[] = [];
  if (!TERMINAL_QUEUE.test(destination)) {
    findings.push({
      what,
      expected: 'only queues of terminals, terminal.<id>.<random>',
      observed: `a queue of another name, which gets ${routingKey}`,
      mend: deleteQueue(vhost, destination),
    });
  } else if (routingKey !== BROADCASTS && !isLicenseKey(LICENSE_BINDING.exec(routingKey)?.[1])) {
    findings.push({
      what,
      expected: `license.<KEY>.# of one license, or ${BROADCASTS}`,
      observed: `${routingKey}, which matches messages of more than its license`,
      mend: closeTerminal(destination, vhost),
    });
  }
  return findings;
}

/** A queue that is bound to two licenses belongs to nobody. */
function queueFindings(bindings: readonly ListedBinding[], vhost: string): readonly Finding[] {
  const licensesOf = new Map<string, string[]>();
  for (const { destination, destinationType, routingKey } of bindings) {
    const key = LICENSE_BINDING.exec(routingKey)?.[1];
    if (destinationType !== 'queue' || key === undefined) continue;
    licensesOf.set(destination, [...(licensesOf.get(destination) ?? []), key]);
  }
  return [...licensesOf]
    .filter(([, keys]) => keys.length > 1)
    .map(([queue, keys]) => ({
      what: `bindings of queue ${queue}`,
      expected: 'one license',
      observed: `${keys.length} licenses: ${someOf(keys)}`,
      mend: closeTerminal(queue, vhost),
    }));
}

function exchangeBinding(
  { source, destination, routingKey }: ListedBinding,
  { vhost, exchange }: DesiredBroker,
): Finding {
  return {
    what: `binding ${routingKey} of exchange ${source} to exchange ${destination}`,
    expected: 'no exchange bound to another',
    observed: 'messages leave by routing keys that no topic permission checks',
    mend: deleteExchange(vhost, destination === exchange.name ? source : destination),
  };
}

/** Exchanges that a terminal left behind: its token lets it declare them under its own name, and nothing ever reads them. */
function foreignExchanges(state: BrokerState, vhost: string): readonly Finding[] {
  return state.exchanges
    .filter(({ name }) => name.startsWith('terminal.'))
    .map(({ name, type }) => ({
      what: `exchange ${name}`,
      expected: 'not there',
      observed: `a ${type} exchange that a terminal declared`,
      mend: deleteExchange(vhost, name),
    }));
}

/** Queues of terminals that outlive the connection. */
function keptQueues(state: BrokerState, vhost: string): readonly Finding[] {
  return state.queues
    .filter(({ name, exclusive }) => name.startsWith('terminal.') && !exclusive)
    .map(({ name }) => ({
      what: `queue ${name}`,
      expected: 'exclusive: it goes with its connection',
      observed: 'not exclusive',
      mend: deleteQueue(vhost, name),
    }));
}

function deleteExchange(vhost: string, name: string): string {
  return `rabbitmqadmin --vhost=${shellWord(vhost)} delete exchange name=${shellWord(name)}`;
}

function deleteQueue(vhost: string, name: string): string {
  return `rabbitmqctl delete_queue -p ${shellWord(vhost)} ${shellWord(name)}`;
}

/** An exclusive queue goes by closing its connection alone. */
function closeTerminal(queue: string, vhost: string): string {
  const id = TERMINAL_QUEUE.exec(queue)?.[1];
  return id === undefined
    ? deleteQueue(vhost, queue)
    : `rabbitmqctl close_all_user_connections ${shellWord(id)} 'bindings that are not its own'`;
}
