import { execFileSync } from 'node:child_process';
import { mkdtemp, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join, resolve } from 'node:path';
import { type Environment, EnvironmentReader } from '@tillcast/broker';
import { TillcastError } from '@tillcast/protocol/errors';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { parseBackendConfig } from '../../src/config/backend-config.ts';
import { readCertificateFiles } from '../../src/http/tls/certificate.ts';

let directory: string;
beforeAll(async () => {
  directory = await mkdtemp(join(tmpdir(), 'tillcast-config-'));
});
afterAll(() => rm(directory, { recursive: true, force: true }));

function refusal(env: Environment): string {
  try {
    parseBackendConfig(env);
  } catch (error) {
    if (error instanceof TillcastError && error.code === 'configuration_invalid') return error.message;
    throw error;
  }
  throw new Error('This configuration was taken.');
}

test('nothing set is a complete configuration', () => {
  expect(parseBackendConfig({})).toEqual({
    production: false,
    logLevel: 'info',
    http: { host: '127.0.0.1', port: 8080, tls: null },
    database: { engine: 'embedded', dataDir: resolve('.tillcast/database') },
    broker: { urls: ['amqp://guest:guest@127.0.0.1:5672/%2F'], caPem: null },
    management: null,
    dataDir: resolve('.tillcast'),
    apiKey: null,
    secretKey: null,
    identity: {
      auth: 'token',
      issuer: 'http://localhost:8080',
      tokenLifetimeS: 600,
      terminalAmqpUrls: ['amqp://127.0.0.1:5672/%2F'],
      salesGraceH: 72,
    },
    licenseKeys: [],
    answerCacheBytes: 128 * 1024 * 1024,
    limits: { rates: 'default', trustedProxies: [] },
    plaintextWarnings: [],
    unknownVariables: [],
  });
});

/** Makes a certificate and its key with OpenSSL. */
function selfSigned(name: string): { readonly certFile: string; readonly keyFile: string } {
  const certFile = join(directory, `${name}.pem`);
  const keyFile = join(directory, `${name}.key.pem`);
  const curve = ['-newkey', 'ec', '-pkeyopt', 'ec_paramgen_curve:prime256v1', '-nodes'];
  execFileSync(
    'openssl',
    ['req', '-x509', ...curve, '-subj', '/CN=x', '-out', certFile, '-keyout', keyFile],
    {
      stdio: 'ignore',
    },
  );
  return { certFile, keyFile };
}

test('everything set is taken as it is', () => {
  const certificate = selfSigned('good');
  const config = parseBackendConfig({
    NODE_ENV: 'production',
    LOG_LEVEL: 'debug',
    HOST: '0.0.0.0',
    PORT: '80',
    DATABASE_URL: 'postgresql://u:p@db/tillcast?sslmode=verify-full',
    AMQP_URL: 'amqps://u:p@one:5671/pos, amqps://u:p@two:5671/pos',
    RABBITMQ_MANAGEMENT_URL: 'https://u:p@one:15671',
    TLS_CERT_FILE: certificate.certFile,
    TLS_KEY_FILE: certificate.keyFile,
    TILLCAST_DATA_DIR: '/var/lib/tillcast',
    TILLCAST_API_KEY: 'c2VjcmV0c2VjcmV0c2VjcmV0',
    TILLCAST_SECRET_KEY: 'A'.repeat(43),
    VALID_LICENSE_KEY: 'EXTRO-LIFE-ABC123, EXTRO-1MTR-XYZ789,EXTRO-LIFE-ABC123',
  });
  expect(config).toMatchObject({
    production: true,
    logLevel: 'debug',
    http: { host: '0.0.0.0', port: 80, tls: certificate },
    database: { engine: 'postgresql', url: 'postgresql://u:p@db/tillcast?sslmode=verify-full' },
    broker: { urls: ['amqps://u:p@one:5671/pos', 'amqps://u:p@two:5671/pos'] },
    apiKey: 'c2VjcmV0c2VjcmV0c2VjcmV0',
    licenseKeys: ['EXTRO-LIFE-ABC123', 'EXTRO-1MTR-XYZ789'],
  });
});

test('a variable that is set to nothing counts as left out', () => {
  expect(parseBackendConfig({ PORT: '', DATABASE_URL: ' ', AMQP_URL: '' })).toEqual(parseBackendConfig({}));
});

test.each(['DATABASE_URL', 'TILLCAST_API_KEY', 'AMQP_URL', 'RABBITMQ_PASS'])(
  '%s may stand in a file',
  async (name) => {
    const file = join(directory, name);
    const secret = name.endsWith('URL')
      ? `${name === 'AMQP_URL' ? 'amqps' : 'postgresql'}://u:from-file@localhost/x`
      : 'from-file-from-file-from-file';
    await writeFile(file, `${secret}\n`);
    expect(JSON.stringify(parseBackendConfig({ [`${name}_FILE`]: file }))).toContain('from-file');
  },
);

describe('what is wrong is named', () => {
  test.each([
    [{ PORT: '70000' }, /PORT must be a whole number from 0 to 65535, not "70000"/],
    [{ LOG_LEVEL: 'loud' }, /LOG_LEVEL must be one of .*, not "loud"/],
    [{ NODE_ENV: 'prod' }, /NODE_ENV must be one of production, .*, not "prod"/],
    [{ NODE_ENV: 'production' }, /DATABASE_URL is missing/],
    [{ DATABASE_URL: 'mysql://h/x' }, /DATABASE_URL must be .* postgresql:/],
    [
      { DATABASE_URL: 'postgresql://h/x?sslrootcert=/no/where' },
      /DATABASE_URL cannot be used: .*\/no\/where/,
    ],
    [{ VALID_LICENSE_KEY: 'EXTRO-LIFE-ABC123,a.b' }, /VALID_LICENSE_KEY must hold .*, not "a\.b"/],
    [{ AMQP_URL: 'amqp://h', RABBITMQ_HOST: 'h' }, /AMQP_URL is set, and so is RABBITMQ_HOST/],
    [{ TILLCAST_API_KEY: 'short' }, /TILLCAST_API_KEY must be at least 22/],
    [{ NODE_ENV: 'production' }, /TILLCAST_SECRET_KEY is missing/],
    [{ TILLCAST_SECRET_KEY: 'short' }, /TILLCAST_SECRET_KEY must be 32 random bytes/],
    [{ TILLCAST_DATADIR: 'x' }, /TILLCAST_DATADIR .* did you mean TILLCAST_DATA_DIR\?/],
  ] as const)('%j', (env, message) => {
    expect(refusal(env)).toMatch(message);
  });

  test('all at once', () => {
    const message = refusal({ PORT: 'x', LOG_LEVEL: 'x', VALID_LICENSE_KEY: 'x', TILLCAST_ULR: 'x' });
    for (const name of ['PORT', 'LOG_LEVEL', 'VALID_LICENSE_KEY', 'TILLCAST_ULR'])
      expect(message).toContain(name);
  });

  test('[E11] a certificate that has expired is refused, since no client would take it', () => {
    const { certFile, keyFile } = selfSigned('old');
    const reader = new EnvironmentReader({ TLS_CERT_FILE: certFile, TLS_KEY_FILE: keyFile });
    readCertificateFiles(reader, new Date('2100-01-01T00:00:00Z'));
    expect(() => reader.finish('The configuration')).toThrow(
      /TLS_CERT_FILE names a certificate that expired at \d{4}-/,
    );
  });

  test('a certificate and its key go together', () => {
    const { certFile, keyFile } = selfSigned('one');
    const other = selfSigned('other').keyFile;
    const wrong: readonly (readonly [Environment, RegExp])[] = [
      [{ TLS_CERT_FILE: certFile }, /TLS_KEY_FILE is missing/],
      [{ TLS_KEY_FILE: keyFile }, /TLS_CERT_FILE is missing/],
      [{ TLS_CERT_FILE: join(directory, 'no'), TLS_KEY_FILE: keyFile }, /TLS_CERT_FILE .* cannot be read/],
      [{ TLS_CERT_FILE: keyFile, TLS_KEY_FILE: keyFile }, /TLS_CERT_FILE .* no certificate in PEM/],
      [{ TLS_CERT_FILE: certFile, TLS_KEY_FILE: certFile }, /TLS_KEY_FILE .* no private key in PEM/],
      [{ TLS_CERT_FILE: certFile, TLS_KEY_FILE: other }, /TLS_KEY_FILE names a key that is not the one/],
    ];
    for (const [environment, message] of wrong) expect(refusal(environment)).toMatch(message);
  });

  test('a database whose file cannot be read is not called missing as well', () => {
    const file = join(directory, 'nowhere');
    const message = refusal({ NODE_ENV: 'production', DATABASE_URL_FILE: file });
    expect(message).toContain('DATABASE_URL_FILE names a file that cannot be read');
    expect(message).not.toContain('DATABASE_URL is missing');
  });

  test('a secret is never shown', () => {
    const message = refusal({
      DATABASE_URL: 'mysql://u:hunter2@h/x',
      AMQP_URL: 'http://u:hunter2@h',
      TILLCAST_API_KEY: 'hunter2',
      TILLCAST_SECRET_KEY: 'hunter2',
    });
    for (const name of ['DATABASE_URL', 'AMQP_URL', 'TILLCAST_API_KEY', 'TILLCAST_SECRET_KEY'])
      expect(message).toContain(name);
    expect(message).not.toContain('hunter2');
  });

  test('a variable of ours that resembles nothing is only remarked', () => {
    expect(parseBackendConfig({ TILLCAST_SOMETHING_ELSE_ENTIRELY: '1' }).unknownVariables).toEqual([
      'TILLCAST_SOMETHING_ELSE_ENTIRELY',
    ]);
  });
});
