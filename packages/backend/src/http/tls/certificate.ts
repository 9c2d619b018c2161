import { createPrivateKey, X509Certificate } from 'node:crypto';
import { readFileSync } from 'node:fs';
import type { EnvironmentReader } from '@tillcast/broker';
import { TillcastError } from '@tillcast/protocol/errors';

/** The files that hold the server's certificate, with what leads to its authority, and its key: PEM. */
export interface CertificateFiles {
  readonly certFile: string;
  readonly keyFile: string;
}

/** A certificate and its key that fit together. */
export interface Certificate {
  readonly certPem: string;
  readonly keyPem: string;
  readonly expiresAt: Date;
}

/**
 * `TLS_CERT_FILE` and `TLS_KEY_FILE`, tried out; null where neither is set: the server speaks plain HTTP. One that has
 * expired is a problem too: a server that no client believes would be a start by half.
 */
export function readCertificateFiles(
  reader: EnvironmentReader,
  now: Date = new Date(),
): CertificateFiles | null {
  const certFile = reader.text('TLS_CERT_FILE');
  const keyFile = reader.text('TLS_KEY_FILE');
  if (certFile === null && keyFile === null) return null;
  if (certFile === null || keyFile === null) {
    const [missing, other] =
      certFile === null ? ['TLS_CERT_FILE', 'TLS_KEY_FILE'] : ['TLS_KEY_FILE', 'TLS_CERT_FILE'];
    reader.problem(missing, `is missing, and ${other} is set: a certificate and its key go together`);
    return null;
  }
  const files = { certFile, keyFile };
  const certPem = reader.fileNamedBy('TLS_CERT_FILE');
  const keyPem = reader.fileNamedBy('TLS_KEY_FILE');
  if (certPem === null || keyPem === null) return files;
  const fault = faultOf(certPem, keyPem) ?? expiryOf(certPem, now);
  if (fault !== null) reader.problem(fault.variable, fault.detail);
  return files;
}

/**
 * Reads both files.
 * @throws TillcastError `configuration_invalid` when they cannot be read or do not fit together
 */
export function loadCertificate(files: CertificateFiles): Certificate {
  const certPem = readText('TLS_CERT_FILE', files.certFile);
  const keyPem = readText('TLS_KEY_FILE', files.keyFile);
  const fault = faultOf(certPem, keyPem);
  if (fault !== null) throw new TillcastError('configuration_invalid', `${fault.variable} ${fault.detail}.`);
  return { certPem, keyPem, expiresAt: new X509Certificate(certPem).validToDate };
}

function expiryOf(certPem: string, now: Date): { readonly variable: string; readonly detail: string } | null {
  const { validToDate } = new X509Certificate(certPem);
  if (validToDate > now) return null;
  const detail = `names a certificate that expired at ${validToDate.toISOString()}, so no client would take it; renew it (and check the clock)`;
  return { variable: 'TLS_CERT_FILE', detail };
}

function readText(variable: string, path: string): string {
  try {
    return readFileSync(path, 'utf8');
  } catch (cause) {
    const why = cause instanceof Error ? cause.message : String(cause);
    const message = `${variable} names a file that cannot be read: ${why}.`;
    throw new TillcastError('configuration_invalid', message, { cause });
  }
}

function faultOf(
  certPem: string,
  keyPem: string,
): { readonly variable: string; readonly detail: string } | null {
  let certificate: X509Certificate;
  try {
    certificate = new X509Certificate(certPem);
  } catch (error) {
    const why = error instanceof Error ? error.message : String(error);
    return { variable: 'TLS_CERT_FILE', detail: `names a file that is no certificate in PEM: ${why}` };
  }
  try {
    if (certificate.checkPrivateKey(createPrivateKey(keyPem))) return null;
  } catch {
    // The reason is not told: OpenSSL's may quote the key's file.
    return {
      variable: 'TLS_KEY_FILE',
      detail: 'names a file that is no private key in PEM without passphrase',
    };
  }
  return {
    variable: 'TLS_KEY_FILE',
    detail: 'names a key that is not the one of the certificate in TLS_CERT_FILE',
  };
}
