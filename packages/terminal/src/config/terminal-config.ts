import { isLicenseKey, type LicenseKey, parseLicenseKey } from '@tillcast/protocol/license-key';
import { type BrokerConfig, readBrokerConfig } from './broker-config.ts';
import { Environment, type EnvironmentVariables, shown } from './environment.ts';

export const LOG_LEVELS = ['fatal', 'error', 'warn', 'info', 'debug', 'trace', 'silent'] as const;

export type LogLevel = (typeof LOG_LEVELS)[number];

/** Everything that a terminal is told from outside: complete and checked. */
export interface TerminalConfig {
  readonly licenseKey: LicenseKey;
  /** What people call this till. */
  readonly terminalName: string;
  /** The backend's base address, without a slash at its end. */
  readonly syncApiUrl: string;
  readonly broker: BrokerConfig;
  /** Where the till's page is served: a loopback address. */
  readonly host: string;
  readonly port: number;
  /** Where the catalog and the terminal's id are kept; made where it is missing. */
  readonly dataDir: string;
  readonly logLevel: LogLevel;
}

/** All variables of the prefix that some part of Tillcast reads: one environment may serve several parts. */
const KNOWN = [
  'TILLCAST_DATA_DIR',
  'TILLCAST_URL',
  'TILLCAST_API_KEY',
  'TILLCAST_API_KEY_FILE',
  'TILLCAST_RABBITMQ',
] as const;

/**
 * A terminal's configuration from its environment: `LICENSE_KEY`, `TERMINAL_NAME`, `SYNC_API_URL`, `HOST`,
 * `PORT`, `TILLCAST_DATA_DIR`, `LOG_LEVEL`, and the broker's (see readBrokerConfig). Secrets may be given as
 * `<NAME>_FILE`.
 * @throws TillcastError `configuration_invalid`: one error, which names each variable that is wrong and how
 */
export function parseTerminalConfig(variables: EnvironmentVariables): TerminalConfig {
  const environment = new Environment(variables);
  environment.refuseUnknown('TILLCAST_', KNOWN, 'TILLCAST_TEST_');
  const licenseKey = readLicenseKey(environment);
  const rest = {
    terminalName: readName(environment),
    syncApiUrl: readSyncApiUrl(environment),
    broker: readBrokerConfig(environment),
    host: readHost(environment),
    port: environment.integer('PORT', { min: 1, max: 65_535, fallback: 8101 }),
    dataDir: environment.text('TILLCAST_DATA_DIR') ?? '.tillcast/terminal',
    logLevel: environment.oneOf('LOG_LEVEL', LOG_LEVELS, 'info'),
  };
  environment.finish("The terminal's configuration");
  return { licenseKey: parseLicenseKey(licenseKey), ...rest };
}

function readLicenseKey(environment: Environment): string | null {
  const key = environment.secret('LICENSE_KEY');
  if (key === null) {
    environment.problem('LICENSE_KEY', 'is missing: set it to the license that this till sells for');
  } else if (!isLicenseKey(key)) {
    const rule = '6 to 64 characters of A-Z, 0-9 and single inner hyphens, for example EXTRO-LIFE-ABC123';
    environment.problem('LICENSE_KEY', `must be ${rule}, not ${shown(key)}`);
  }
  return key;
}

function readName(environment: Environment): string {
  const name = environment.text('TERMINAL_NAME') ?? 'Till';
  if (name.length > 64 || /\p{Cc}/u.test(name)) {
    environment.problem('TERMINAL_NAME', 'must be up to 64 characters without control characters');
  }
  return name;
}

function readSyncApiUrl(environment: Environment): string {
  const text = environment.text('SYNC_API_URL') ?? 'http://localhost:8080';
  const url = URL.parse(text);
  const good =
    url !== null &&
    (url.protocol === 'http:' || url.protocol === 'https:') &&
    url.username + url.password + url.search + url.hash === '';
  if (!good) {
    environment.problem(
      'SYNC_API_URL',
      'must be the http:// or https:// address of the backend, without user, query or fragment',
    );
  }
  return text.replace(/\/+$/, '');
}

/** The page has no sign-in of its own: whoever can reach it is at this machine. */
function readHost(environment: Environment): string {
  const host = environment.text('HOST') ?? '127.0.0.1';
  if (host !== 'localhost' && host !== '::1' && !/^127(\.\d{1,3}){3}$/.test(host)) {
    environment.problem('HOST', `must be localhost, 127.0.0.1 or ::1, not ${shown(host)}`);
  }
  return host;
}
