import type { BrokerProbe } from '@tillcast/broker';
import { type Check, type Fault, skipped, verdictOf } from '../check.ts';

/** Whether each address of the broker leads to a RabbitMQ that lets the backend in. */
export const brokerReached: Check = {
  id: 'broker.reached',
  title: 'RabbitMQ',
  expected: 'each address of AMQP_URL lets the backend in',
  judge: ({ lines }) => {
    if (!lines.known) return skipped(lines.why);
    return verdictOf(
      lines.value.flatMap((line) => faultOf(line)),
      lines.value
        .map(({ address, node }) => `${address} answers, RabbitMQ ${node?.version ?? ''}`)
        .join('; '),
    );
  },
};

function faultOf(line: BrokerProbe): readonly Fault[] {
  const { address, vhost, unreachable, refused } = line;
  const base = { grade: 'failure' as const, what: address, expected: 'it lets the backend in' };
  if (unreachable !== null) {
    return [
      {
        ...base,
        observed: unreachable,
        cause: 'RabbitMQ does not run there, the port in AMQP_URL is another one, or a firewall is between',
        mend: `on its machine: rabbitmq-diagnostics listeners; then set AMQP_URL to what it says`,
      },
    ];
  }
  if (refused === null) return [];
  if (refused.code === 'broker_access_refused') {
    return [
      {
        ...base,
        observed: refused.message,
        cause: `user, password or virtual host (${vhost}) in AMQP_URL are not those of the broker`,
        mend: 'tillcast broker provision --credentials-file broker.env, and its TILLCAST_PUBLISHER_PASSWORD into AMQP_URL',
      },
    ];
  }
  const isCertificate = refused.message.includes('certificate');
  return [
    {
      ...base,
      observed: refused.message,
      cause: isCertificate
        ? 'what answers there cannot show that it is this broker; see Certificates'
        : 'something takes the connection and does not speak AMQP as RabbitMQ does: a load balancer before a node that is down, or another port of the broker',
      mend: isCertificate
        ? 'tillcast doctor --only certificates'
        : 'rabbitmq-diagnostics check_running on each node behind it, and let the load balancer check its nodes (option tcp-check on the AMQP port)',
    },
  ];
}
