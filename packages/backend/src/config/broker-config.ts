import { readFileSync } from 'node:fs';
import { type EnvironmentReader, quoted } from './environment.ts';

/** Where the broker is. */
export interface BrokerConfig {
  /** `amqp(s)://user:password@host:port/vhost`, tried in turn. They hold a password: never log them. */
  readonly urls: readonly string[];
  /** The authority that signed the broker's certificate, as PEM; null for the system's. */
  readonly ca: string | null;
}

const PARTS = ['RABBITMQ_HOST', 'RABBITMQ_PORT', 'RABBITMQ_USER', 'RABBITMQ_PASS', 'RABBITMQ_VHOST'] as const;

/** The broker's part of the configuration: `AMQP_URL` (several hosts by comma), or `RABBITMQ_*` piece by piece. */
export function readBrokerConfig(reader: EnvironmentReader): BrokerConfig {
  return { urls: readUrls(reader), ca: readCa(reader) };
}

function readUrls(reader: EnvironmentReader): readonly string[] {
  const text = reader.secret('AMQP_URL');
  if (text === null) return [urlOfParts(reader)];
  const also = PARTS.filter((name) => reader.has(name));
  if (also.length > 0) {
    reader.problem(`AMQP_URL is set, and ${also.join(', ')} too: keep one way or the other.`);
  }
  const urls = text
    .split(',')
    .map((part) => part.trim())
    .filter((part) => part !== '');
  for (const [index, url] of urls.entries()) {
    if (isBrokerUrl(url)) continue;
    // The URL itself is not shown: it may hold a password.
    reader.problem(
      `AMQP_URL's ${ordinal(index)} address is not valid: it must look like amqp://user:password@host:5672/vhost or amqps://….`,
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
  const url = `amqp://${user}:${password}@${host}:${port}/${vhost}`;
  if (!isBrokerUrl(url) || /[/@?#]/.test(host)) {
    reader.problem(`RABBITMQ_HOST is ${quoted(host)}: it must be a host name or an address.`);
  }
  return url;
}

function readCa(reader: EnvironmentReader): string | null {
  const file = reader.text('AMQP_CA_FILE');
  if (file === null) return null;
  try {
    const pem = readFileSync(file, 'utf8');
    if (pem.includes('-----BEGIN CERTIFICATE-----')) return pem;
    reader.problem(`AMQP_CA_FILE names ${file}, which is not a PEM certificate.`);
  } catch (error) {
    const reason = error instanceof Error ? error.message : String(error);
    reader.problem(`AMQP_CA_FILE names ${file}, which cannot be read: ${reason}.`);
  }
  return null;
}

function isBrokerUrl(text: string): boolean {
  const url = URL.parse(text);
  return url !== null && (url.protocol === 'amqp:' || url.protocol === 'amqps:') && url.hostname !== '';
}

function ordinal(index: number): string {
  return ['first', 'second', 'third'][index] ?? `${index + 1}th`;
}
