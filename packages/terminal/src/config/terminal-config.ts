import {
  type BrokerConfig,
  type Environment,
  EnvironmentReader,
  entriesOf,
  type LogLevel,
  PlaintextRule,
  readBrokerConfig,
  readCaFile,
  readLogLevel,
  readUnknownVariables,
  shown,
} from '@tillcast/broker';
import { isLicenseKey, type LicenseKey, parseLicenseKey } from '@tillcast/protocol/license-key';
import { machineSecretPath } from '../identity/machine-secret.ts';
import { KEY_STORES, type KeyStoreName } from '../identity/till-identity.ts';

/** Everything that a terminal is told from outside: complete and checked. */
export interface TerminalConfig {
  /** Null: the one that the till was activated for. */
  readonly licenseKey: LicenseKey | null;
  /** What people call this till; null: what it was called at its activation. */
  readonly terminalName: string | null;
  /** The backend's base address, without a slash at its end; null: the one that the till was activated at. */
  readonly syncApiUrl: string | null;
  /** Addresses of the same backend, or of others on its database: who is asked where the first is not there. */
  readonly otherSyncApiUrls: readonly string[];
  /** The certificate authorities to trust for the backend, in PEM; null: the system's. */
  readonly syncApiCaPem: string | null;
  readonly broker: BrokerConfig;
  /** Whether the broker was named; else an activated till goes where the backend says. */
  readonly brokerNamed: boolean;
  /** Where a new key is kept. */
  readonly keyStore: KeyStoreName | 'auto';
  /** Seals the key file; null: the machine's secret does. */
  readonly keyPassphrase: string | null;
  readonly machineSecretPath: string;
  /** Where the till's page is served: a loopback address. */
  readonly host: string;
  readonly port: number;
  /** Where the catalog and the terminal's id are kept; made where it is missing. */
  readonly dataDir: string;
  readonly logLevel: LogLevel;
  /** Whether addresses of other machines may be used without TLS; those that the server names, too. */
  readonly plaintextAllowed: boolean;
  /** What goes over the network in plain text since the operator allowed it: named in the log at the start. */
  readonly plaintextWarnings: readonly string[];
  /** `TILLCAST_*` variables that nothing reads and that resemble nothing: named in the log at the start. */
  readonly unknownVariables: readonly string[];
}

/**
 * A terminal's configuration from its environment: `LICENSE_KEY`, `TERMINAL_NAME`, `SYNC_API_URL`, `HOST`,
 * `PORT`, `TILLCAST_DATA_DIR`, `TILLCAST_KEY_STORE`, `TILLCAST_KEY_PASSPHRASE`, `LOG_LEVEL`, `SYNC_API_CA_FILE`,
 * `TILLCAST_PLAINTEXT` and the broker's (see readBrokerConfig). Secrets may be given as `<NAME>_FILE`.
 * @throws TillcastError `configuration_invalid`: one error, which names each variable that is wrong and how
 */
export function parseTerminalConfig(environment: Environment): TerminalConfig {
  const reader = new EnvironmentReader(environment);
  const licenseKey = readLicenseKey(reader);
  const plaintext = new PlaintextRule(reader);
  const [syncApiUrl = null, ...otherSyncApiUrls] = readSyncApiUrls(reader, plaintext);
  const rest = {
    terminalName: readName(reader),
    syncApiUrl,
    otherSyncApiUrls,
    syncApiCaPem: readCaFile(reader, 'SYNC_API_CA_FILE'),
    broker: readBrokerConfig(reader, plaintext),
    brokerNamed: reader.hasSecret('AMQP_URL') || reader.text('RABBITMQ_HOST') !== null,
    keyStore: reader.oneOf('TILLCAST_KEY_STORE', ['auto', ...KEY_STORES], 'auto'),
    keyPassphrase: readPassphrase(reader),
    machineSecretPath: machineSecretPath(environment),
    host: readHost(reader),
    port: reader.integer('PORT', { min: 1, max: 65_535, fallback: 8101 }),
    dataDir: reader.text('TILLCAST_DATA_DIR') ?? '.tillcast/terminal',
    logLevel: readLogLevel(reader),
    plaintextAllowed: plaintext.allowed,
    plaintextWarnings: plaintext.warnings,
    unknownVariables: readUnknownVariables(reader),
  };
  reader.finish("The terminal's configuration");
  return { licenseKey: licenseKey === null ? null : parseLicenseKey(licenseKey), ...rest };
}

function readLicenseKey(reader: EnvironmentReader): string | null {
  const key = reader.secret('LICENSE_KEY');
  if (key !== null && !isLicenseKey(key)) {
    const rule = '6 to 64 characters of A-Z, 0-9 and single inner hyphens, for example EXTRO-LIFE-ABC123';
    reader.problem('LICENSE_KEY', `must be ${rule}, not ${shown(key)}`);
  }
  return key;
}

/** Short ones are guessed by whoever has the file. */
const PASSPHRASE_MIN_LENGTH = 12;

function readPassphrase(reader: EnvironmentReader): string | null {
  const passphrase = reader.secret('TILLCAST_KEY_PASSPHRASE');
  if (passphrase !== null && passphrase.length < PASSPHRASE_MIN_LENGTH) {
    reader.problem('TILLCAST_KEY_PASSPHRASE', `must have ${PASSPHRASE_MIN_LENGTH} characters at least`);
  }
  return passphrase;
}

function readName(reader: EnvironmentReader): string | null {
  const name = reader.text('TERMINAL_NAME');
  if (name === null) return null;
  if (name.length > 64 || /\p{Cc}/u.test(name)) {
    reader.problem('TERMINAL_NAME', 'must be up to 64 characters without control characters');
  }
  return name;
}

function readSyncApiUrls(reader: EnvironmentReader, plaintext: PlaintextRule): readonly string[] {
  const text = reader.text('SYNC_API_URL');
  if (text === null) return [];
  const urls = entriesOf(text);
  const isGood = (entry: string): boolean => {
    const url = URL.parse(entry);
    const isWeb = url?.protocol === 'http:' || url?.protocol === 'https:';
    return isWeb && url.username + url.password + url.search + url.hash === '';
  };
  if (urls.length === 0 || !urls.every(isGood)) {
    reader.problem(
      'SYNC_API_URL',
      'must be the http:// or https:// address of the backend, without user, query or fragment, or several by comma',
    );
  }
  for (const entry of urls) {
    const url = URL.parse(entry);
    if (url?.protocol !== 'http:') continue;
    plaintext.judge('SYNC_API_URL', url.hostname, {
      danger: `would carry the till's credentials and its catalog to ${shown(url.hostname)} in plain text`,
      remedy: 'give the https:// address of the backend',
    });
  }
  return urls.map((url) => url.replace(/\/+$/, ''));
}

/**
 * The page has no sign-in of its own: whoever can reach it is at this machine. Other addresses of the loopback
 * net are none of these: the local server refuses every request whose Host is not one of its names.
 */
function readHost(reader: EnvironmentReader): string {
  const host = reader.text('HOST') ?? '127.0.0.1';
  if (host !== 'localhost' && host !== '::1' && host !== '127.0.0.1') {
    reader.problem('HOST', `must be localhost, 127.0.0.1 or ::1, not ${shown(host)}`);
  }
  return host;
}
