import type { EnvironmentReader, ManagementOptions, PlaintextRule } from '@tillcast/broker';

const VARIABLE = 'RABBITMQ_MANAGEMENT_URL';
const FORM = 'https://user:password@rabbit.example.com:15671';

/**
 * Where the broker's management API is, and as whom the backend closes connections there; null where it is
 * not told, which production does not allow: without it, what is revoked goes on receiving.
 */
export function readManagement(
  reader: EnvironmentReader,
  around: {
    readonly production: boolean;
    readonly caPem: string | null;
    readonly plaintext: PlaintextRule;
  },
): ManagementOptions | null {
  const text = reader.secret(VARIABLE);
  if (text === null) {
    if (around.production && !reader.hasSecret(VARIABLE)) {
      const rule =
        'with NODE_ENV=production the backend must be able to close revoked terminals’ connections';
      reader.problem(VARIABLE, `is missing: ${rule}, for example ${FORM}`);
    }
    return null;
  }
  const url = URL.parse(text);
  const isGood = url !== null && ['http:', 'https:'].includes(url.protocol) && url.username !== '';
  if (!isGood || url.password === '' || url.search !== '' || url.hash !== '') {
    // Not shown: it may hold a password.
    reader.problem(VARIABLE, `must be an address with user and password of the form ${FORM}`);
    return null;
  }
  if (url.protocol === 'http:') {
    around.plaintext.judge(VARIABLE, url.hostname, {
      danger: 'would send the password of the broker’s administrator in plain text',
      remedy: 'give an https:// address',
    });
  }
  return {
    url: url.origin,
    username: decodeURIComponent(url.username),
    password: decodeURIComponent(url.password),
    caPem: around.caPem,
  };
}
