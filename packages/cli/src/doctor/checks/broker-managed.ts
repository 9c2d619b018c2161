import { type Check, skipped, well } from '../check.ts';

/** Whether the management API answers, and is the same broker's. */
export const brokerManaged: Check = {
  id: 'broker.management',
  title: 'RabbitMQ’s management',
  expected: 'it answers, and is of the broker in AMQP_URL',
  judge: ({ broker, lines }) => {
    if (!broker.known) return skipped(broker.why);
    const told = broker.value;
    if (!told.reached) {
      const fault = {
        grade: 'failure' as const,
        what: told.address,
        observed: told.why,
        expected: 'it answers',
        cause: told.refused
          ? 'user and password are not those of an administrator there'
          : 'the node is down, its management plugin is off, or the address is another one',
        mend: told.refused
          ? 'rabbitmqctl set_user_tags <user> administrator'
          : 'rabbitmq-plugins enable rabbitmq_management',
      };
      return { outcome: 'faulty', faults: [fault] };
    }
    const { clusterName, rabbitmqVersion } = told.overview;
    const other = (lines.known ? lines.value : []).find(
      ({ node }) => node !== null && node.clusterName !== clusterName,
    );
    if (other === undefined) return well(`${told.address} answers, RabbitMQ ${rabbitmqVersion}`);
    const fault = {
      grade: 'failure' as const,
      what: told.address,
      observed: `it is of the cluster ${clusterName}, and ${other.address} of ${other.node?.clusterName}`,
      expected: 'one cluster',
      cause: 'what is revoked would be cut off at one broker, while tills listen at another',
      mend: 'set RABBITMQ_MANAGEMENT_URL and AMQP_URL to nodes of one cluster: rabbitmqctl cluster_status tells its name',
    };
    return { outcome: 'faulty', faults: [fault] };
  },
};
