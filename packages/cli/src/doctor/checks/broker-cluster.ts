import type { BrokerNode, BrokerProbe } from '@tillcast/broker';
import { type Check, type Fault, skipped, verdictOf } from '../check.ts';

/** Whether the nodes are one cluster, all of them running and in sight of each other. */
export const brokerCluster: Check = {
  id: 'broker.cluster',
  title: 'Cluster',
  expected: 'one cluster, all nodes running, no partition',
  judge: ({ lines, broker }) => {
    const probes = lines.known ? lines.value : [];
    const reached = broker.known && broker.value.reached ? broker.value : null;
    if (reached === null && probes.length < 2) {
      return skipped(broker.known ? 'the management API does not answer' : broker.why);
    }
    const nodes = reached?.nodes ?? [];
    return verdictOf(
      [
        ...disagreeing(probes),
        ...nodes.flatMap((node) => faultsOf(node)),
        ...missing(nodes, reached?.nodesExpected ?? null),
      ],
      nodes.length === 0 ? 'one cluster' : nodes.map(({ name }) => name).join(', '),
    );
  },
};

function disagreeing(probes: readonly BrokerProbe[]): readonly Fault[] {
  const clusters = new Map<string, string[]>();
  for (const { address, node } of probes) {
    if (node !== null) clusters.set(node.clusterName, [...(clusters.get(node.clusterName) ?? []), address]);
  }
  if (clusters.size < 2) return [];
  const told = [...clusters].map(([name, addresses]) => `${addresses.join(', ')} in ${name}`);
  return [
    {
      grade: 'failure',
      what: 'nodes of AMQP_URL',
      observed: `${clusters.size} clusters: ${told.join('; ')}`,
      expected: 'one',
      cause:
        'a node that could not join is a cluster of its own: another Erlang cookie, a name that does not resolve, or it was reset. What is published at one reaches no till at the other',
      mend: 'compare /var/lib/rabbitmq/.erlang.cookie on the nodes; then on the stray one: rabbitmqctl stop_app && rabbitmqctl reset && rabbitmqctl join_cluster <node of the others> && rabbitmqctl start_app',
    },
  ];
}

function faultsOf({ name, running, health }: BrokerNode): readonly Fault[] {
  if (!running) {
    return [
      {
        grade: 'failure',
        what: `node ${name}`,
        observed: 'not running',
        expected: 'running',
        cause: 'it was stopped or has died: the others carry its tills',
        mend: `on its machine: systemctl start rabbitmq-server (journalctl -u rabbitmq-server says why it ended)`,
      },
    ];
  }
  if (health.partitions.length === 0) return [];
  return [
    {
      grade: 'failure',
      what: `node ${name}`,
      observed: `it lost sight of ${health.partitions.join(', ')}`,
      expected: 'no partition',
      cause: 'the network between them was cut; the sides have gone on by themselves and do not agree',
      mend: `restart the side with fewer tills, one node at a time: rabbitmqctl stop_app && rabbitmqctl start_app`,
    },
  ];
}

function missing(nodes: readonly BrokerNode[], expected: number | null): readonly Fault[] {
  if (expected === null || nodes.length >= expected) return [];
  return [
    {
      grade: 'failure',
      what: 'number of nodes',
      observed: String(nodes.length),
      expected: String(expected),
      cause: 'a node never joined (another Erlang cookie, a name that does not resolve), or was forgotten',
      mend: 'on the missing one: rabbitmqctl stop_app && rabbitmqctl join_cluster <node of the others> && rabbitmqctl start_app',
    },
  ];
}
