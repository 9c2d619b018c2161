import type { EnvironmentReader } from './environment-reader.ts';
import { slipsBetween, suggestionFor } from './misspelling.ts';

const PREFIX = 'TILLCAST_';
/** Beneath it the tests keep what is theirs. */
const TEST_PREFIX = 'TILLCAST_TEST_';

/** What may follow the prefix: backend, terminal and shell share one environment, so each knows all of them. */
const KNOWN = [
  'ACTIVATION_CODE',
  'ACTIVATION_CODE_FILE',
  'API_KEY',
  'API_KEY_FILE',
  'AUTH',
  'CA_FILE',
  'CHROMIUM',
  'CHROMIUM_FLAGS',
  'CLUSTER_NETWORK',
  'DATA_DIR',
  'GUARDIAN_PASSWORD',
  'GUARDIAN_PASSWORD_FILE',
  'KEY_PASSPHRASE',
  'KEY_PASSPHRASE_FILE',
  'KEY_STORE',
  'PLAINTEXT',
  'PUBLIC_URL',
  'PUBLISHER_PASSWORD',
  'PUBLISHER_PASSWORD_FILE',
  'RABBITMQ',
  'RABBITMQ_BIN',
  'RATE_LIMITS',
  'SALES_GRACE_H',
  'SECRET_KEY',
  'SECRET_KEY_FILE',
  'TERMINAL_AMQP_URLS',
  'TOKEN_LIFETIME_S',
  'TRUSTED_PROXIES',
  'URL',
] as const;

/** What is read besides, by one part of Tillcast or another. Shorter names look like too much else. */
const KNOWN_BESIDES = [
  'AMQP_CA_FILE',
  'AMQP_URL',
  'AMQP_URL_FILE',
  'DATABASE_URL',
  'DATABASE_URL_FILE',
  'LICENSE_KEY',
  'LOG_LEVEL',
  'RABBITMQ_ADMIN_URL',
  'RABBITMQ_ADMIN_URL_FILE',
  'RABBITMQ_HOST',
  'RABBITMQ_MANAGEMENT_URL',
  'RABBITMQ_MANAGEMENT_URL_FILE',
  'RABBITMQ_PASS',
  'RABBITMQ_PASS_FILE',
  'RABBITMQ_PORT',
  'RABBITMQ_USER',
  'RABBITMQ_VHOST',
  'SYNC_API_CA_FILE',
  'SYNC_API_URL',
  'TERMINAL_NAME',
  'TLS_CERT_FILE',
  'TLS_KEY_FILE',
  'VALID_LICENSE_KEY',
] as const;

/** A variable that nothing reads, and what was probably meant; null: nothing comes near. */
export interface StrangeVariable {
  readonly name: string;
  readonly meant: string | null;
}

/**
 * The variables among these that nothing reads though they look like ours: all with our prefix, and others that are one
 * slip away from one that is read and is not set (RABBITMQ_HOME, which is RabbitMQ's own, is two from RABBITMQ_HOST).
 */
export function strangeVariables(names: readonly string[]): readonly StrangeVariable[] {
  const missing = KNOWN_BESIDES.filter((name) => !names.includes(name));
  const besides: readonly string[] = KNOWN_BESIDES;
  const known: readonly string[] = KNOWN;
  return names.flatMap((name): readonly StrangeVariable[] => {
    if (name.startsWith(TEST_PREFIX)) return [];
    if (name.startsWith(PREFIX)) {
      const word = name.slice(PREFIX.length);
      if (known.includes(word)) return [];
      const meant = suggestionFor(word, KNOWN);
      return [{ name, meant: meant === null ? null : `${PREFIX}${meant}` }];
    }
    const meant = besides.includes(name) ? null : missing.find((each) => slipsBetween(name, each) === 1);
    return meant === undefined || meant === null ? [] : [{ name, meant }];
  });
}

/**
 * The variables that no part of Tillcast reads though they look like ours. One with our prefix that looks like a known one
 * misspelled is a problem of the reader's; the others may be somebody else's: they are returned, to be named in the log.
 */
export function readUnknownVariables(reader: EnvironmentReader): readonly string[] {
  const alien: string[] = [];
  for (const { name, meant } of strangeVariables(reader.names(''))) {
    if (meant === null || !name.startsWith(PREFIX)) alien.push(name);
    else reader.problem(name, `is not a variable of Tillcast; did you mean ${meant}?`);
  }
  return alien;
}
