import { join } from 'node:path';
import { tlsNodeConfig } from '@tillcast/broker';

/** A file for RabbitMQ's `conf.d`: it listens over TLS alone, with the certificate in this folder. */
export function rabbitmqConf(
  directory: string,
  files: { readonly authority: string; readonly rabbitmq: string; readonly rabbitmqKey: string },
): string {
  const lines = [
    '# TLS for RabbitMQ, for development; made by `tillcast tls init`. Put it into /etc/rabbitmq/conf.d, and let',
    '# the user that RabbitMQ runs as read the key.',
    ...tlsNodeConfig({
      caFile: join(directory, files.authority),
      certFile: join(directory, files.rabbitmq),
      keyFile: join(directory, files.rabbitmqKey),
      amqpListener: '5671',
      managementPort: 15_671,
    }),
  ];
  return `${lines.join('\n')}\n`;
}
