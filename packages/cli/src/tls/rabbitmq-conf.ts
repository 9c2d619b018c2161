import { join } from 'node:path';

/**
 * The lines of `rabbitmq.conf` that let RabbitMQ listen over TLS alone, for AMQP and the management API.
 *
 * It asks its clients for no certificate: they say who they are with a password or a token.
 */
export function rabbitmqConf(
  directory: string,
  files: { readonly authority: string; readonly rabbitmq: string; readonly rabbitmqKey: string },
): string {
  const certificates = (prefix: string): readonly string[] => [
    `${prefix}.cacertfile = ${join(directory, files.authority)}`,
    `${prefix}.certfile = ${join(directory, files.rabbitmq)}`,
    `${prefix}.keyfile = ${join(directory, files.rabbitmqKey)}`,
    `${prefix}.versions.1 = tlsv1.3`,
    `${prefix}.versions.2 = tlsv1.2`,
    `${prefix}.verify = verify_none`,
    `${prefix}.fail_if_no_peer_cert = false`,
  ];
  const lines = [
    '# TLS for RabbitMQ, for development; made by `tillcast tls init`. Put it into /etc/rabbitmq/conf.d, and let',
    '# the user that RabbitMQ runs as read the key.',
    'listeners.tcp = none',
    'listeners.ssl.default = 5671',
    ...certificates('ssl_options'),
    'management.ssl.port = 15671',
    ...certificates('management.ssl'),
  ];
  return `${lines.join('\n')}\n`;
}
