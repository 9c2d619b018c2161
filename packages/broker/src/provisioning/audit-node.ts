import { isLoopbackHost } from '../transport/loopback.ts';
import type { BrokerState } from './broker-state.ts';
import type { DesiredBroker } from './desired-broker.ts';
import { type Finding, shellWord } from './finding.ts';

/** Plugins that those which are needed bring along. */
const HELPERS = ['rabbitmq_management_agent', 'rabbitmq_web_dispatch', 'amqp_client', 'oauth2_client'];

/** For measurements, where somebody wants them. */
const WELCOME = ['rabbitmq_prometheus', 'prometheus', 'accept'];

const PROTOCOLS = ['amqp', 'amqp/ssl', 'http', 'https', 'http/prometheus', 'https/prometheus', 'clustering'];
/** Protocols in plain text, and what to do in `rabbitmq.conf`. */
const TLS_INSTEAD: Readonly<Record<string, string>> = {
  amqp: 'in rabbitmq.conf: listeners.tcp = none, and listeners.ssl.1 = 5671',
  http: 'in rabbitmq.conf: management.tcp.ip = 127.0.0.1, or management.ssl.port = 15671',
  'http/prometheus':
    'in rabbitmq.conf: prometheus.tcp.ip = 127.0.0.1, or prometheus.ssl.port = 15691 and its certificate',
};
const MECHANISMS = ['PLAIN', 'AMQPLAIN', 'EXTERNAL'];
const RELAYS = ['shovel', 'federation-upstream', 'federation-upstream-set'];

/** Which doors a node has beyond those that are needed, and which ways out of the broker. */
export function auditNodes(
  state: BrokerState,
  desired: DesiredBroker,
  allowPlaintext: boolean,
): readonly Finding[] {
  return [
    ...pluginFindings(state, desired),
    ...mechanismFindings(state),
    ...state.listeners.flatMap((listener) => listenerFindings(listener, allowPlaintext)),
    ...state.parameters
      .filter(({ component }) => RELAYS.includes(component))
      .map(({ component, name, vhost }) => ({
        what: `${component} ${name} in ${vhost}`,
        expected: 'none',
        observed: 'it can carry messages to another broker or exchange',
        mend: `rabbitmqctl clear_parameter -p ${shellWord(vhost)} ${component} ${shellWord(name)}`,
      })),
  ];
}

function pluginFindings(state: BrokerState, { plugins }: DesiredBroker): readonly Finding[] {
  return state.nodes.flatMap(({ name, plugins: enabled }) => {
    if (enabled === null) {
      const mend =
        'start the node, and let it have its statistics (management_agent.disable_metrics_collector)';
      return [{ what: `plugins on ${name}`, expected: plugins.join(', '), observed: 'not told', mend }];
    }
    const needed = [...plugins, ...HELPERS, ...WELCOME];
    const needless = enabled.filter((plugin) => !needed.includes(plugin));
    const missing = plugins.filter((plugin) => !enabled.includes(plugin));
    return [
      ...needless.map((plugin) => ({
        what: `plugin ${plugin} on ${name}`,
        expected: 'not enabled',
        observed: 'enabled',
        mend: `rabbitmq-plugins disable ${plugin}`,
      })),
      ...missing.map((plugin) => ({
        what: `plugin ${plugin} on ${name}`,
        expected: 'enabled',
        observed: 'not enabled',
        mend: `rabbitmq-plugins enable ${plugin}`,
      })),
    ];
  });
}

function mechanismFindings(state: BrokerState): readonly Finding[] {
  return state.nodes.flatMap((node) =>
    node.authMechanisms
      .filter((mechanism) => !MECHANISMS.includes(mechanism))
      .map((mechanism) => ({
        what: `authentication mechanism ${mechanism} on ${node.name}`,
        expected: 'off',
        observed: 'on',
        mend: 'in rabbitmq.conf: auth_mechanisms.1 = PLAIN',
      })),
  );
}

function listenerFindings(
  { protocol, address, port, node }: BrokerState['listeners'][number],
  allowPlaintext: boolean,
): readonly Finding[] {
  const what = `listener ${protocol} on ${address}:${port} of ${node}`;
  if (!PROTOCOLS.includes(protocol)) {
    const mend = 'disable the plugin that opens it: rabbitmq-plugins list --enabled';
    return [{ what, expected: 'none', observed: 'open', mend }];
  }
  const mend = TLS_INSTEAD[protocol];
  if (mend === undefined || isLoopbackHost(address) || allowPlaintext) return [];
  return [{ what, expected: 'TLS, or this machine alone', observed: 'open to others unprotected', mend }];
}
