import type { EnvironmentReader } from './environment-reader.ts';
import { suggestionFor } from './misspelling.ts';

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

/**
 * The `TILLCAST_*` variables that no part of Tillcast reads. One that looks like a known one misspelled is a
 * problem of the reader's; the others are returned, to be named in the log.
 */
export function readUnknownVariables(reader: EnvironmentReader): readonly string[] {
  const known: readonly string[] = KNOWN;
  const alien: string[] = [];
  for (const name of reader.names(PREFIX)) {
    const word = name.slice(PREFIX.length);
    if (known.includes(word) || name.startsWith(TEST_PREFIX)) continue;
    const meant = suggestionFor(word, KNOWN);
    if (meant === null) alien.push(name);
    else reader.problem(name, `is not a variable of Tillcast; did you mean ${PREFIX}${meant}?`);
  }
  return alien;
}
