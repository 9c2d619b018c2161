import type { Environment } from './environment.ts';

/** How the broker is reached. */
export interface BrokerConfig {
  /** `amqp(s)://user:pass@host:port/vhost`, tried in turn. They hold the password: never log them. */
  readonly urls: readonly string[];
  /** The certificate authorities to trust for `amqps`, in PEM; null for the system's. */
  readonly caPem: string | null;
}

const PARTS = ['RABBITMQ_HOST', 'RABBITMQ_PORT', 'RABBITMQ_USER', 'RABBITMQ_PASS', 'RABBITMQ_VHOST'] as const;

/**
 * `AMQP_URL` (several, separated by commas), or else `RABBITMQ_HOST`, `_PORT`, `_USER`, `_PASS` and `_VHOST`;
 * without either RabbitMQ's own defaults on this machine.
 */
export function readBrokerConfig(environment: Environment): BrokerConfig {
  const given = environment.secret('AMQP_URL');
  const also = PARTS.filter((name) => environment.text(name) !== null);
  if (given !== null && also.length > 0) {
    environment.problem('AMQP_URL', `is set, and so is ${also.join(', ')}; keep one way or the other`);
  }
  const urls = given === null ? [urlOfParts(environment)] : given.split(',').map((url) => url.trim());
  if (given !== null && !urls.every(isAmqpUrl)) {
    // Not shown: it may hold a password.
    environment.problem(
      'AMQP_URL',
      'must be one or more addresses of the form amqp://user:password@host:5672/vhost (or amqps://), separated by commas',
    );
  }
  return { urls, caPem: environment.fileNamedBy('AMQP_CA_FILE') };
}

function urlOfParts(environment: Environment): string {
  const host = environment.text('RABBITMQ_HOST') ?? '127.0.0.1';
  const port = environment.integer('RABBITMQ_PORT', { min: 1, max: 65_535, fallback: 5672 });
  const user = environment.text('RABBITMQ_USER') ?? 'guest';
  const password = environment.secret('RABBITMQ_PASS') ?? 'guest';
  const vhost = environment.text('RABBITMQ_VHOST') ?? '/';
  const [name, secret, path] = [user, password, vhost].map(encodeURIComponent);
  const url = `amqp://${name}:${secret}@${host}:${port}/${path}`;
  if (!/^[^\s/@?#]+$/.test(host) || !isAmqpUrl(url)) {
    environment.problem('RABBITMQ_HOST', 'must be a host name or an address, without scheme, port or path');
  }
  return url;
}

function isAmqpUrl(text: string): boolean {
  const url = URL.parse(text);
  return url !== null && (url.protocol === 'amqp:' || url.protocol === 'amqps:') && url.hostname !== '';
}
