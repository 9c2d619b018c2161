import { TillcastError } from '@tillcast/protocol/errors';

/** A broker's URL; null when it is not one. A `%` that escapes nothing would fail at every attempt to connect. */
export function brokerUrlOrNull(text: string): URL | null {
  const url = URL.parse(text);
  if (url === null || (url.protocol !== 'amqp:' && url.protocol !== 'amqps:') || url.hostname === '') {
    return null;
  }
  return /%(?![0-9A-Fa-f]{2})/.test(url.username + url.password + url.pathname) ? null : url;
}

/** Parses a broker's URL or throws `configuration_invalid`; the message never repeats the URL, which may hold a password. */
export function parseBrokerUrl(text: string): URL {
  const url = brokerUrlOrNull(text);
  if (url !== null) return url;
  throw new TillcastError(
    'configuration_invalid',
    'A broker URL is not valid; it must look like amqp://user:password@host:5672/vhost or amqps://…',
  );
}

/** The host and port of a broker's URL: fit for logs, for it holds no password. */
export function addressOf(url: string): string {
  return parseBrokerUrl(url).host;
}

/** The virtual host in a broker's URL; without one it is `/`. */
export function virtualHostOf(url: string): string {
  const path = decodeURIComponent(parseBrokerUrl(url).pathname.slice(1));
  return path === '' ? '/' : path;
}
