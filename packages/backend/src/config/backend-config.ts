import { resolve } from 'node:path';
import {
  type BrokerConfig,
  type Environment,
  EnvironmentReader,
  entriesOf,
  type LogLevel,
  type ManagementOptions,
  PlaintextRule,
  readBrokerConfig,
  readLogLevel,
  readUnknownVariables,
  shown,
} from '@tillcast/broker';
import { isLicenseKey, type LicenseKey } from '@tillcast/protocol/license-key';
import type { LimitOptions } from '../http/limits/limit-options.ts';
import { readTrustedProxies } from '../http/limits/trusted-proxies.ts';
import { type CertificateFiles, readCertificateFiles } from '../http/tls/certificate.ts';
import type { IdentityOptions } from '../identity/identity-options.ts';
import { parseSecretKey } from '../keys/secret-key.ts';
import { type DatabaseConfig, readDatabase } from './database-config.ts';
import { readIdentityOptions } from './identity-config.ts';
import { readManagement } from './management-config.ts';

/** The backend's whole configuration: complete, checked, with every default filled in. */
export interface BackendConfig {
  readonly production: boolean;
  readonly logLevel: LogLevel;
  /** Where the server listens, port 0 taking any that is free; without `tls` it speaks plain HTTP. */
  readonly http: { readonly host: string; readonly port: number; readonly tls: CertificateFiles | null };
  readonly database: DatabaseConfig;
  readonly broker: BrokerConfig;
  /** The broker's management API, for revocation; null: what is revoked is cut off when its token ends. */
  readonly management: ManagementOptions | null;
  /** Absolute; holds the embedded database and the admin API key's file. */
  readonly dataDir: string;
  /** The admin API's key as the operator gave it; null: one is made at the first start. */
  readonly apiKey: string | null;
  /** The 32 bytes that seal the signing keys, as the operator gave them; null: they are made at the first start. */
  readonly secretKey: Uint8Array | null;
  readonly identity: IdentityOptions;
  /** Licenses to create at the start where they are missing. */
  readonly licenseKeys: readonly LicenseKey[];
  /** How many bytes of finished sync answers are kept in memory. */
  readonly answerCacheBytes: number;
  /** Who may ask how much. */
  readonly limits: LimitOptions;
  /** What goes over the network in plain text since the operator allowed it: named in the log at the start. */
  readonly plaintextWarnings: readonly string[];
  /** `TILLCAST_*` variables that nothing reads and that resemble nothing: named in the log at the start. */
  readonly unknownVariables: readonly string[];
}

const ANSWER_CACHE_BYTES = 128 * 1024 * 1024;

/** 128 bits in base64url. */
const API_KEY_MIN_LENGTH = 22;

/**
 * The configuration that environment variables describe.
 * @throws TillcastError `configuration_invalid` that names every variable that is wrong, its value (never a
 * secret's) and what it may be
 */
export function parseBackendConfig(environment: Environment): BackendConfig {
  const reader = new EnvironmentReader(environment);
  const production =
    reader.oneOf('NODE_ENV', ['production', 'development', 'test'], 'development') === 'production';
  const dataDir = resolve(reader.text('TILLCAST_DATA_DIR') ?? '.tillcast');
  const plaintext = new PlaintextRule(reader);
  const http = readHttp(reader, plaintext);
  const broker = readBrokerConfig(reader, plaintext);
  const config: BackendConfig = {
    production,
    logLevel: readLogLevel(reader),
    http,
    database: readDatabase(reader, { production, dataDir, plaintext }),
    broker,
    management: readManagement(reader, { production, caPem: broker.caPem, plaintext }),
    dataDir,
    apiKey: readApiKey(reader),
    secretKey: readSecretKey(reader, production),
    identity: readIdentityOptions(reader, {
      production,
      port: http.port,
      secure: http.tls !== null,
      brokerUrls: broker.urls,
      plaintext,
    }),
    licenseKeys: readLicenseKeys(reader),
    answerCacheBytes: ANSWER_CACHE_BYTES,
    limits: {
      rates: reader.oneOf('TILLCAST_RATE_LIMITS', ['default', 'off'], 'default'),
      trustedProxies: readTrustedProxies(reader),
    },
    plaintextWarnings: plaintext.warnings,
    unknownVariables: readUnknownVariables(reader),
  };
  reader.finish("The backend's configuration");
  return config;
}

function readHttp(reader: EnvironmentReader, plaintext: PlaintextRule): BackendConfig['http'] {
  const host = reader.text('HOST') ?? '127.0.0.1';
  const tls = readCertificateFiles(reader);
  if (tls === null) {
    plaintext.judge('HOST', host, {
      danger: `would serve ${shown(host)} in plain text`,
      remedy: 'set TLS_CERT_FILE and TLS_KEY_FILE (for development: tillcast tls init)',
    });
  }
  return { host, port: reader.integer('PORT', { min: 0, max: 65_535, fallback: 8080 }), tls };
}

function readApiKey(reader: EnvironmentReader): string | null {
  const key = reader.secret('TILLCAST_API_KEY');
  if (key !== null && (key.length < API_KEY_MIN_LENGTH || !/^[\x21-\x7e]+$/.test(key))) {
    reader.problem(
      'TILLCAST_API_KEY',
      `must be at least ${API_KEY_MIN_LENGTH} printable characters without spaces, made at random (for example by openssl rand -base64 24)`,
    );
  }
  return key;
}

function readSecretKey(reader: EnvironmentReader, production: boolean): Uint8Array | null {
  const form =
    '32 random bytes in base64url, 43 characters (for example by openssl rand -base64 32 | tr +/ -_)';
  const text = reader.secret('TILLCAST_SECRET_KEY');
  if (text === null) {
    if (production && !reader.hasSecret('TILLCAST_SECRET_KEY')) {
      const rule = 'with NODE_ENV=production the secret key that seals the signing keys must be given';
      reader.problem('TILLCAST_SECRET_KEY', `is missing: ${rule}: ${form}`);
    }
    return null;
  }
  const key = parseSecretKey(text);
  // Not shown: it is the secret.
  if (key === null) reader.problem('TILLCAST_SECRET_KEY', `must be ${form}`);
  return key;
}

function readLicenseKeys(reader: EnvironmentReader): readonly LicenseKey[] {
  const keys: LicenseKey[] = [];
  for (const text of new Set(entriesOf(reader.text('VALID_LICENSE_KEY')))) {
    if (isLicenseKey(text)) keys.push(text);
    else {
      const rule = '6 to 64 characters of A-Z, 0-9 and single inner hyphens, for example EXTRO-LIFE-ABC123';
      reader.problem('VALID_LICENSE_KEY', `must hold license keys (${rule}), not ${shown(text)}`);
    }
  }
  return keys;
}
