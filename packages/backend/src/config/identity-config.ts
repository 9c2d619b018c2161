import { type EnvironmentReader, entriesOf, type PlaintextRule, plainHosts, shown } from '@tillcast/broker';
import type { IdentityOptions } from '../identity/identity-options.ts';

const FORM = 'amqps://rabbit.example.com:5671/tillcast';

/**
 * How terminals say who they are. Without `TILLCAST_PUBLIC_URL` this deployment is called by its own address;
 * without `TILLCAST_TERMINAL_AMQP_URLS` terminals are sent to the broker where the backend finds it.
 */
export function readIdentityOptions(
  reader: EnvironmentReader,
  around: {
    readonly production: boolean;
    readonly port: number;
    readonly secure: boolean;
    readonly brokerUrls: readonly string[];
    readonly plaintext: PlaintextRule;
  },
): IdentityOptions {
  const { production, port, secure, brokerUrls, plaintext } = around;
  const auth = reader.oneOf('TILLCAST_AUTH', ['token', 'license-key'], 'token');
  if (production && auth === 'license-key') {
    const why = 'a license key is no secret, so with NODE_ENV=production it does not do as a credential';
    reader.problem('TILLCAST_AUTH', `must be token: ${why}`);
  }
  return {
    auth,
    issuer: readIssuer(reader, plaintext) ?? `${secure ? 'https' : 'http'}://localhost:${port}`,
    tokenLifetimeS: reader.integer('TILLCAST_TOKEN_LIFETIME_S', { min: 5, max: 3600, fallback: 600 }),
    terminalAmqpUrls: readTerminalUrls(reader, plaintext) ?? brokerUrls.map(withoutCredentials),
    salesGraceH: reader.integer('TILLCAST_SALES_GRACE_H', { min: 0, max: 8760, fallback: 72 }),
  };
}

function readIssuer(reader: EnvironmentReader, plaintext: PlaintextRule): string | null {
  const text = reader.text('TILLCAST_PUBLIC_URL');
  if (text === null) return null;
  const url = URL.parse(text);
  const isPlain = url !== null && url.search === '' && url.hash === '' && url.username === '';
  if (!isPlain || !['http:', 'https:'].includes(url.protocol)) {
    const form = 'https://tillcast.example.com';
    reader.problem('TILLCAST_PUBLIC_URL', `must be an address such as ${form}, not ${shown(text)}`);
  }
  if (url?.protocol === 'http:') {
    plaintext.judge('TILLCAST_PUBLIC_URL', url.hostname, {
      danger: `would have tills send their credentials to ${shown(url.hostname)} in plain text`,
      remedy: 'give the https:// address by which they reach the backend',
    });
  }
  // Tills compare it letter by letter with what they were told.
  return text.replace(/\/+$/, '');
}

function readTerminalUrls(reader: EnvironmentReader, plaintext: PlaintextRule): readonly string[] | null {
  const text = reader.text('TILLCAST_TERMINAL_AMQP_URLS');
  if (text === null) return null;
  const urls = entriesOf(text);
  const isGood = (entry: string): boolean => {
    const url = URL.parse(entry);
    return url !== null && ['amqp:', 'amqps:'].includes(url.protocol) && url.hostname !== '';
  };
  if (urls.length === 0 || urls.length > 16 || !urls.every(isGood)) {
    reader.problem('TILLCAST_TERMINAL_AMQP_URLS', `must hold 1 to 16 addresses such as ${FORM}`);
  } else if (urls.some((entry) => withoutCredentials(entry) !== entry)) {
    // Not shown: it may hold a password.
    const rule = 'must hold no user and no password: every till is told it, and signs in with its token';
    reader.problem('TILLCAST_TERMINAL_AMQP_URLS', rule);
  }
  for (const host of plainHosts(urls)) {
    plaintext.judge('TILLCAST_TERMINAL_AMQP_URLS', host, {
      danger: `would have tills send their tokens to ${shown(host)} in plain text`,
      remedy: "give the amqps:// address of the broker's TLS listener",
    });
  }
  return urls;
}

/** The same address, with neither user nor password. */
function withoutCredentials(text: string): string {
  return text.replace(/^(amqps?:\/\/)[^/@]*@/, '$1');
}
