import { X509Certificate } from 'node:crypto';
import type { EnvironmentReader } from '../configuration/environment-reader.ts';

const CERTIFICATE = /-----BEGIN CERTIFICATE-----.+?-----END CERTIFICATE-----/gs;

/** The certificate authorities in the PEM file that a variable names; null where it is not set or no good. */
export function readCaFile(reader: EnvironmentReader, name: string): string | null {
  const pem = reader.fileNamedBy(name);
  if (pem === null) return null;
  const wrong = whyNoAuthorities(pem);
  if (wrong === null) return pem;
  reader.problem(name, `names a file ${wrong}`);
  return null;
}

/** What is wrong with a file of certificate authorities, read on after "a file"; null when nothing is. */
export function whyNoAuthorities(pem: string): string | null {
  const certificates = pem.match(CERTIFICATE) ?? [];
  if (certificates.length === 0) return 'that holds no certificate in PEM';
  for (const [index, certificate] of certificates.entries()) {
    try {
      new X509Certificate(certificate);
    } catch (error) {
      const why = error instanceof Error ? error.message : String(error);
      return `whose ${ordinal(index)} certificate cannot be read: ${why}`;
    }
  }
  return null;
}

/** `first`, `second`, `third`, `4th` … of a list. */
export function ordinal(index: number): string {
  return ['first', 'second', 'third'][index] ?? `${index + 1}th`;
}
