import { TillcastError } from '@tillcast/protocol/errors';

/** What of a request says where it comes from. */
export interface RequestOrigin {
  readonly host: string | undefined;
  readonly origin: string | undefined;
  /** `Sec-Fetch-Site`: what a browser says of the page that asks. */
  readonly fetchSite: string | undefined;
}

const LOOPBACK_NAMES = ['localhost', '127.0.0.1', '[::1]'];

/**
 * Lets through what comes from this machine's own till page, or from no page at all. The Host header must be
 * a loopback name, since a foreign name that resolves to this machine (DNS rebinding) would make a foreign
 * page same-origin; and the asking page, where there is one, must be ours.
 * @throws TillcastError `origin_refused`
 */
export function checkOrigin({ host, origin, fetchSite }: RequestOrigin, port: number): void {
  const hosts = LOOPBACK_NAMES.flatMap((name) => (port === 80 ? [name, `${name}:80`] : [`${name}:${port}`]));
  if (host === undefined || !hosts.includes(host.toLowerCase())) {
    throw new TillcastError(
      'origin_refused',
      `The till's page is at http://localhost:${port} only; the request asked for another host.`,
    );
  }
  const ours = origin === undefined || origin === `http://${host}`;
  const same = fetchSite === undefined || fetchSite === 'same-origin' || fetchSite === 'none';
  if (!ours || !same) {
    throw new TillcastError('origin_refused', "Only the till's own page may ask this server.");
  }
}

/** On every answer: the page is made of its own files alone, in no frame, and is read by no other page. */
export const SECURITY_HEADERS: Readonly<Record<string, string>> = {
  'content-security-policy': [
    "default-src 'none'",
    "script-src 'self'",
    "style-src 'self'",
    "font-src 'self'",
    "img-src 'self'",
    "connect-src 'self'",
    "manifest-src 'self'",
    "base-uri 'none'",
    "form-action 'none'",
    "frame-ancestors 'none'",
  ].join('; '),
  'cross-origin-opener-policy': 'same-origin',
  'cross-origin-resource-policy': 'same-origin',
  'referrer-policy': 'no-referrer',
  'x-content-type-options': 'nosniff',
};
