/** Where a RabbitMQ that speaks TLS alone listens, and with what: paths of PEM files that its user can read. */
export interface TlsNodeConfig {
  readonly caFile: string;
  readonly certFile: string;
  readonly keyFile: string;
  /** `5671`, or with an address `127.0.0.1:5671`. */
  readonly amqpListener: string;
  readonly managementPort: number;
  /** Left out: every address. */
  readonly managementAddress?: string;
}

/**
 * Lines of `rabbitmq.conf`: AMQP and the management API over TLS 1.2 and 1.3, and neither in plain text. It
 * asks its clients for no certificate: they say who they are with a password or a token.
 */
export function tlsNodeConfig(config: TlsNodeConfig): readonly string[] {
  const certificates = (prefix: string): readonly string[] => [
    `${prefix}.cacertfile = ${config.caFile}`,
    `${prefix}.certfile = ${config.certFile}`,
    `${prefix}.keyfile = ${config.keyFile}`,
    `${prefix}.versions.1 = tlsv1.3`,
    `${prefix}.versions.2 = tlsv1.2`,
    `${prefix}.verify = verify_none`,
    `${prefix}.fail_if_no_peer_cert = false`,
  ];
  return [
    'listeners.tcp = none',
    `listeners.ssl.default = ${config.amqpListener}`,
    ...certificates('ssl_options'),
    ...(config.managementAddress === undefined ? [] : [`management.ssl.ip = ${config.managementAddress}`]),
    `management.ssl.port = ${config.managementPort}`,
    ...certificates('management.ssl'),
  ];
}
