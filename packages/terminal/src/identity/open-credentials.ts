import { type Fetch, isLoopbackHost, type Logger, PLAINTEXT_VARIABLE } from '@tillcast/broker';
import { asTillcastError, TillcastError } from '@tillcast/protocol/errors';
import type { TerminalConfig } from '../config/terminal-config.ts';
import type { Counters } from '../replica/counters.ts';
import type { TillClock } from '../replica/till-clock.ts';
import { keptTerminalId } from '../terminal-id.ts';
import { withoutLogin } from './broker-addresses.ts';
import { type KeyStoreOptions, readTillKey } from './key-store.ts';
import { licenseKeyCredentials } from './license-key-credentials.ts';
import type { KeptMessageKeys } from './message-keys.ts';
import type { TillCredentials } from './till-credentials.ts';
import { readIdentity, type TillIdentity, writeIdentity } from './till-identity.ts';
import type { TillKey } from './till-key.ts';
import { TokenCredentials } from './token-credentials.ts';

/** Where a till that was not told otherwise looks for its backend. */
const DEFAULT_BACKEND_URL = 'http://localhost:8080';

export interface CredentialParts {
  readonly clock: TillClock;
  readonly fetch: Fetch;
  readonly keys: Pick<KeptMessageKeys, 'learn'>;
  readonly counters: Counters;
  readonly logger: Logger;
}

/** Who a till is, and the backend that knows it. */
export interface OpenedCredentials {
  readonly credentials: TillCredentials;
  /** Without a slash at its end. */
  readonly backendUrl: string;
}

/**
 * The credentials of the till in this folder: by its token where it was activated, else by its license key.
 * @throws TillcastError `configuration_invalid` where it is neither activated nor told its license, or is told
 *   another one than it was activated for; `secret_unreadable` where its key cannot be had
 */
export async function openCredentials(
  config: TerminalConfig,
  parts: CredentialParts,
): Promise<OpenedCredentials> {
  const identity = readIdentity(config.dataDir);
  if (identity === null) {
    return { credentials: namedTill(config), backendUrl: config.syncApiUrl ?? DEFAULT_BACKEND_URL };
  }
  refuseOtherLicense(identity, config);
  refusePlaintext(identity, config);
  const key = await keyOf(identity, config);
  const backendUrl = config.syncApiUrl ?? identity.backend_url;
  return { credentials: activatedTill(identity, key, backendUrl, config, parts), backendUrl };
}

/**
 * The private key of an activated till.
 * @throws TillcastError `secret_unreadable`, also where it is gone
 */
export async function keyOf(identity: TillIdentity, config: TerminalConfig): Promise<TillKey> {
  const key = await readTillKey(identity.key, keyStoreOptionsOf(config));
  if (key !== null) return key;
  const place = identity.key.store === 'keyring' ? "the operating system's keyring" : config.dataDir;
  throw new TillcastError(
    'secret_unreadable',
    `This till's key is not in ${place} any more, so it cannot sign in. Bring it back, or activate the till anew: \`tillcast terminal reset\` and \`tillcast terminal activate\`.`,
  );
}

export function keyStoreOptionsOf(config: TerminalConfig): KeyStoreOptions {
  const { dataDir, keyStore, keyPassphrase, machineSecretPath } = config;
  return { dataDir, choice: keyStore, passphrase: keyPassphrase, machineSecretPath };
}

function namedTill(config: TerminalConfig): TillCredentials {
  const { licenseKey, terminalName, dataDir, broker } = config;
  if (licenseKey === null) {
    throw new TillcastError(
      'configuration_invalid',
      `The till in ${dataDir} is not activated: run \`tillcast terminal activate --license KEY\` (with the same TILLCAST_DATA_DIR). Where the backend takes a license key alone, set LICENSE_KEY instead.`,
    );
  }
  return licenseKeyCredentials({
    terminalId: keptTerminalId(dataDir),
    licenseKey,
    terminalName: terminalName ?? 'Till',
    brokerUrls: broker.urls,
  });
}

function refuseOtherLicense(identity: TillIdentity, { licenseKey, dataDir }: TerminalConfig): void {
  if (licenseKey === null || licenseKey === identity.license_key) return;
  throw new TillcastError(
    'configuration_invalid',
    `LICENSE_KEY is ${licenseKey}, and the till in ${dataDir} was activated for ${identity.license_key}. Leave LICENSE_KEY out, or activate the till anew: \`tillcast terminal reset\` and \`tillcast terminal activate\`.`,
  );
}

/** What the server told is judged like what the operator says. */
function refusePlaintext({ backend_url, broker_urls }: TillIdentity, config: TerminalConfig): void {
  if (config.plaintextAllowed) return;
  const used = [
    ...(config.syncApiUrl === null ? [backend_url] : []),
    ...(config.brokerNamed ? [] : broker_urls),
  ];
  for (const address of used) {
    const { protocol, hostname, host } = new URL(address);
    if ((protocol !== 'http:' && protocol !== 'amqp:') || isLoopbackHost(hostname)) continue;
    throw new TillcastError(
      'configuration_invalid',
      `The till in ${config.dataDir} was told to use ${protocol}//${host}, which would carry its credentials in plain text: have the backend name addresses with TLS, or set ${PLAINTEXT_VARIABLE}=allowed where something else encrypts it, such as a proxy.`,
    );
  }
}

function activatedTill(
  identity: TillIdentity,
  key: TillKey,
  backendUrl: string,
  config: TerminalConfig,
  parts: CredentialParts,
): TillCredentials {
  const { keys, counters, logger } = parts;
  let known = identity;
  return new TokenCredentials({
    ...parts,
    backendUrl,
    terminalId: identity.terminal_id,
    issuer: identity.issuer,
    licenseKey: identity.license_key,
    terminalName: config.terminalName ?? identity.name,
    brokerUrls: config.brokerNamed ? config.broker.urls.map(withoutLogin) : identity.broker_urls,
    key,
    monotonicMs: () => performance.now(),
    random: Math.random,
    onToken: (_token, { message_keys, broker }) => {
      counters.add('token_received');
      keys.learn(message_keys);
      known = keepAddresses(config.dataDir, known, broker.urls, logger);
    },
    onLoginRenewed: () => counters.add('login_renewed'),
  });
}

/** Where the broker is has changed: the next start goes there. */
function keepAddresses(
  dataDir: string,
  identity: TillIdentity,
  urls: readonly string[],
  logger: Logger,
): TillIdentity {
  if (JSON.stringify(urls) === JSON.stringify(identity.broker_urls)) return identity;
  const moved = { ...identity, broker_urls: urls };
  try {
    writeIdentity(dataDir, moved);
  } catch (error) {
    // The till goes on with what it has; the next token tells it again.
    logger.warn({ err: asTillcastError(error) }, "The broker's new address could not be kept");
    return identity;
  }
  logger.info({}, "The broker's address has changed: it is used from the next start on");
  return moved;
}
