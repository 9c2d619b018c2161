import type { webcrypto } from 'node:crypto';
import { isIP } from 'node:net';
// `@peculiar/x509` is not loaded without it, so it comes first.
import 'reflect-metadata';
import {
  AuthorityKeyIdentifierExtension,
  BasicConstraintsExtension,
  ExtendedKeyUsage,
  ExtendedKeyUsageExtension,
  type JsonGeneralName,
  type JsonName,
  KeyUsageFlags,
  KeyUsagesExtension,
  PemConverter,
  SubjectAlternativeNameExtension,
  SubjectKeyIdentifierExtension,
  X509Certificate,
  X509CertificateGenerator,
} from '@peculiar/x509';

/** A certificate with its key, both in PEM. */
export interface Issued {
  readonly certPem: string;
  readonly keyPem: string;
}

/** From when to when a certificate is valid. */
export interface Validity {
  readonly from: Date;
  readonly to: Date;
}

/** ES256. */
const KEY = { name: 'ECDSA', namedCurve: 'P-256' };
const SIGNATURE = { name: 'ECDSA', hash: 'SHA-256' };

/** A certificate authority that signs itself, and signs servers only: no authority beneath it (path length 0). */
export async function issueAuthority(commonName: string, { from, to }: Validity): Promise<Issued> {
  const keys = await newKeys();
  const certificate = await X509CertificateGenerator.createSelfSigned({
    name: nameOf(commonName),
    notBefore: from,
    notAfter: to,
    keys,
    signingAlgorithm: SIGNATURE,
    extensions: [
      new BasicConstraintsExtension(true, 0, true),
      new KeyUsagesExtension(KeyUsageFlags.keyCertSign | KeyUsageFlags.cRLSign, true),
      await SubjectKeyIdentifierExtension.create(keys.publicKey),
    ],
  });
  return inPem(certificate, keys.privateKey);
}

/**
 * A server's certificate for these host names and addresses.
 * @throws Error when the authority's certificate does not name its key, or its key is none of ES256
 */
export async function issueServer(
  commonName: string,
  hosts: readonly string[],
  { from, to }: Validity,
  authority: Issued,
): Promise<Issued> {
  const keys = await newKeys();
  const issuer = new X509Certificate(authority.certPem);
  const certificate = await X509CertificateGenerator.create({
    subject: nameOf(commonName),
    issuer: issuer.subjectName,
    notBefore: from,
    notAfter: to,
    publicKey: keys.publicKey,
    signingKey: await signingKey(authority.keyPem),
    signingAlgorithm: SIGNATURE,
    extensions: [
      new BasicConstraintsExtension(false, undefined, true),
      new KeyUsagesExtension(KeyUsageFlags.digitalSignature, true),
      new ExtendedKeyUsageExtension([ExtendedKeyUsage.serverAuth]),
      new SubjectAlternativeNameExtension(hosts.map(generalName)),
      await SubjectKeyIdentifierExtension.create(keys.publicKey),
      new AuthorityKeyIdentifierExtension(keyIdOf(issuer)),
    ],
  });
  return inPem(certificate, keys.privateKey);
}

function newKeys(): Promise<webcrypto.CryptoKeyPair> {
  return crypto.subtle.generateKey(KEY, true, ['sign', 'verify']);
}

function signingKey(keyPem: string): Promise<webcrypto.CryptoKey> {
  return crypto.subtle.importKey('pkcs8', PemConverter.decodeFirst(keyPem), KEY, false, ['sign']);
}

async function inPem(certificate: X509Certificate, key: webcrypto.CryptoKey): Promise<Issued> {
  const pkcs8 = await crypto.subtle.exportKey('pkcs8', key);
  return {
    certPem: `${certificate.toString('pem')}\n`,
    keyPem: `${PemConverter.encode(pkcs8, PemConverter.PrivateKeyTag)}\n`,
  };
}

/** The key as its certificate names it: whoever checks the chain compares the two. */
function keyIdOf(authority: X509Certificate): string {
  const extension = authority.getExtension(SubjectKeyIdentifierExtension);
  if (extension === null) throw new Error('The certificate of the authority does not name its key.');
  return extension.keyId;
}

function nameOf(commonName: string): JsonName {
  return [{ CN: [commonName] }];
}

/** A host as the subject alternative name holds it. */
function generalName(host: string): JsonGeneralName {
  const version = isIP(host);
  if (version === 0) return { type: 'dns', value: host };
  // The library misreads an embedded IPv4 address; the URL's parser writes it as groups too.
  return { type: 'ip', value: version === 4 ? host : new URL(`http://[${host}]`).hostname.slice(1, -1) };
}
