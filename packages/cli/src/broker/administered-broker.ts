import {
  type DesiredBroker,
  desiredBroker,
  EnvironmentReader,
  ManagementClient,
  PlaintextRule,
  readCaFile,
} from '@tillcast/broker';
import type { FlagSpec } from '../command.ts';
import type { CliContext } from '../context.ts';
import type { Given } from '../input/given.ts';
import { parseInteger } from '../input/parse.ts';

/** The variable with the management API's address and its administrator. */
export const ADMIN_VARIABLE = 'RABBITMQ_ADMIN_URL';
const FORM = 'https://admin:password@rabbit.example.com:15671';

/** The flags that say what the broker should be. */
export const DESIRED_FLAGS: readonly FlagSpec[] = [
  { flags: '--vhost <name>', description: 'The virtual host', fallback: '/' },
  {
    flags: '--max-connections <number>',
    description: 'Connections that the virtual host allows: one for each till and each backend',
    fallback: '10000',
  },
];

/** What both commands are about. */
export interface AdministeredBroker {
  readonly desired: DesiredBroker;
  /** Whether unprotected listeners beyond this machine are meant. */
  readonly plaintextAllowed: boolean;
  readonly reader: EnvironmentReader;
  /** To be called once the reader has found nothing wrong. */
  readonly connect: () => ManagementClient;
}

/**
 * The broker that the environment names, and what it should be. What is wrong with the variables is reported
 * by the reader's `finish`, which is the caller's to call when it has read its own.
 */
export function administeredBroker(given: Given, context: CliContext): AdministeredBroker {
  const reader = new EnvironmentReader(context.env);
  const plaintext = new PlaintextRule(reader);
  const caPem = readCaFile(reader, 'AMQP_CA_FILE');
  const login = readLogin(reader, plaintext);
  const connections = given.text('maxConnections');
  const vhost = given.text('vhost') ?? '/';
  return {
    reader,
    plaintextAllowed: plaintext.allowed,
    desired: desiredBroker({
      vhost,
      ...(connections === undefined
        ? {}
        : { maxConnections: parseInteger(connections, '--max-connections', 1, 10_000_000) }),
    }),
    connect: () => new ManagementClient({ ...login, caPem }),
  };
}

function readLogin(
  reader: EnvironmentReader,
  plaintext: PlaintextRule,
): { readonly url: string; readonly username: string; readonly password: string } {
  const text = reader.secret(ADMIN_VARIABLE);
  const url = URL.parse(text ?? '');
  const isGood =
    url !== null && ['http:', 'https:'].includes(url.protocol) && url.username !== '' && url.password !== '';
  if (!isGood) {
    // Not shown: it may hold a password.
    if (text !== null || !reader.hasSecret(ADMIN_VARIABLE)) {
      const what = text === null ? 'is missing: it' : 'is not valid: it';
      reader.problem(
        ADMIN_VARIABLE,
        `${what} must be the management API's address with an administrator, ${FORM}`,
      );
    }
    return { url: 'http://127.0.0.1', username: '', password: '' };
  }
  if (url.protocol === 'http:') {
    plaintext.judge(ADMIN_VARIABLE, url.hostname, {
      danger: 'would send the password of the broker’s administrator in plain text',
      remedy: 'give an https:// address',
    });
  }
  return {
    url: url.origin,
    username: decodeURIComponent(url.username),
    password: decodeURIComponent(url.password),
  };
}
