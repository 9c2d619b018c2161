import {
  type EnvironmentReader,
  entriesOf,
  type ManagementOptions,
  type PlaintextRule,
} from '@tillcast/broker';

const VARIABLE = 'RABBITMQ_MANAGEMENT_URL';
const FORM = 'https://user:password@rabbit.example.com:15671';

/**
 * Where the broker's management API is, and as whom the backend closes connections there; of a cluster each node's
 * address, by comma. Null where it is not told, which production does not allow: without it, what is revoked goes on
 * receiving.
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
  const urls = entriesOf(text).map(addressOrNull);
  const [first, ...others] = urls.filter((url) => url !== null);
  if (first === undefined || urls.includes(null)) {
    // Not shown: it may hold a password.
    const several = 'or several by comma, one for each node';
    reader.problem(VARIABLE, `must be an address with user and password of the form ${FORM}, ${several}`);
    return null;
  }
  if (others.some(({ username, password }) => username !== first.username || password !== first.password)) {
    reader.problem(VARIABLE, 'must name the same user and password at each node: the nodes are one broker');
  }
  for (const { protocol, hostname } of [first, ...others]) {
    if (protocol !== 'http:') continue;
    around.plaintext.judge(VARIABLE, hostname, {
      danger: 'would send the password of the broker’s administrator in plain text',
      remedy: 'give an https:// address',
    });
  }
  return {
    url: first.origin,
    otherUrls: others.map(({ origin }) => origin),
    username: decodeURIComponent(first.username),
    password: decodeURIComponent(first.password),
    caPem: around.caPem,
  };
}

function addressOrNull(text: string): URL | null {
  const url = URL.parse(text);
  const isGood = url !== null && ['http:', 'https:'].includes(url.protocol) && url.username !== '';
  return isGood && url.password !== '' && url.search === '' && url.hash === '' ? url : null;
}
