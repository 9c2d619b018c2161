import { brokerUrlOrNull } from '../broker-url.ts';
import { ordinal, readCaFile } from '../transport/ca-file.ts';
import { PlaintextRule } from '../transport/plaintext-rule.ts';
import { type EnvironmentReader, entriesOf, shown } from './environment-reader.ts';

/** How the broker is reached. */
export interface BrokerConfig {
  /** `amqp(s)://user:password@host:port/vhost`, tried in turn. They hold the password: never log them. */
  readonly urls: readonly string[];
  /** The certificate authorities to trust for `amqps`, in PEM; null for the system's. */
  readonly caPem: string | null;
}

const PARTS = [
  'RABBITMQ_HOST',
  'RABBITMQ_PORT',
  'RABBITMQ_USER',
  'RABBITMQ_PASS',
  'RABBITMQ_PASS_FILE',
  'RABBITMQ_VHOST',
] as const;

/**
 * `AMQP_URL` (several, separated by commas), or else `RABBITMQ_HOST`, `_PORT`, `_USER`, `_PASS` and `_VHOST`;
 * without either RabbitMQ's own defaults on this machine. `AMQP_CA_FILE` names the authorities for `amqps`;
 * `amqp` leads to this machine only, unless `TILLCAST_PLAINTEXT` allows more.
 * @param plaintext the service's, so that it can name all that was allowed; left out: one of its own
 */
export function readBrokerConfig(
  reader: EnvironmentReader,
  plaintext: PlaintextRule = new PlaintextRule(reader),
): BrokerConfig {
  const urls = readUrls(reader);
  const variable = reader.hasSecret('AMQP_URL') ? 'AMQP_URL' : 'RABBITMQ_HOST';
  for (const host of plainHosts(urls)) {
    plaintext.judge(variable, host, {
      danger: `would carry the login and every message to ${shown(host)} in plain text`,
      remedy: 'give the amqps:// address of its TLS listener in AMQP_URL',
    });
  }
  return { urls, caPem: readCaFile(reader, 'AMQP_CA_FILE') };
}

/** The hosts that these addresses reach without TLS. */
export function plainHosts(urls: readonly string[]): readonly string[] {
  return urls.flatMap((text) => {
    const url = brokerUrlOrNull(text);
    return url?.protocol === 'amqp:' ? [url.hostname] : [];
  });
}

function readUrls(reader: EnvironmentReader): readonly string[] {
  if (!reader.hasSecret('AMQP_URL')) return [urlOfParts(reader)];
  const also = PARTS.filter((name) => reader.text(name) !== null);
  if (also.length > 0) {
    reader.problem('AMQP_URL', `is set, and so is ${also.join(', ')}; keep one way or the other`);
  }
  const text = reader.secret('AMQP_URL');
  if (text === null) return [];
  const urls = entriesOf(text);
  const wrong = urls.flatMap((url, index) => (brokerUrlOrNull(url) === null ? [ordinal(index)] : []));
  if (wrong.length > 0 || urls.length === 0) {
    // Not shown: it may hold a password.
    reader.problem(
      'AMQP_URL',
      `must be one or more addresses of the form amqp://user:password@host:5672/vhost (or amqps://), separated by commas; ${
        urls.length === 0 ? 'it holds none' : `the ${wrong.join(', ')} of ${urls.length} is not`
      }`,
    );
  }
  return urls;
}

function urlOfParts(reader: EnvironmentReader): string {
  const host = reader.text('RABBITMQ_HOST') ?? '127.0.0.1';
  const port = reader.integer('RABBITMQ_PORT', { min: 1, max: 65_535, fallback: 5672 });
  const user = encodeURIComponent(reader.text('RABBITMQ_USER') ?? 'guest');
  const password = encodeURIComponent(reader.secret('RABBITMQ_PASS') ?? 'guest');
  const vhost = encodeURIComponent(reader.text('RABBITMQ_VHOST') ?? '/');
  const authority = host.includes(':') && !host.startsWith('[') ? `[${host}]` : host;
  const url = `amqp://${user}:${password}@${authority}:${port}/${vhost}`;
  if (!/^[^\s/@?#]+$/.test(host) || brokerUrlOrNull(url) === null) {
    reader.problem(
      'RABBITMQ_HOST',
      `must be a host name or an address, without scheme, port or path, not ${shown(host)}`,
    );
  }
  return url;
}
