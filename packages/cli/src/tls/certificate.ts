import {
  createHash,
  createPublicKey,
  generateKeyPairSync,
  type KeyObject,
  randomBytes,
  sign,
} from 'node:crypto';
import { isIP, isIPv4 } from 'node:net';
import {
  bitString,
  boolean,
  explicit,
  implicit,
  integer,
  namedBits,
  octetString,
  oid,
  sequence,
  set,
  time,
  utf8String,
} from './der.ts';

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

/** Who signs: its name, as in its own certificate, and its key. */
export interface Issuer {
  readonly commonName: string;
  readonly key: KeyObject;
}

const ECDSA_WITH_SHA256 = sequence(oid('1.2.840.10045.4.3.2'));
const COMMON_NAME = '2.5.4.3';
const SERVER_AUTH = oid('1.3.6.1.5.5.7.3.1');
/** Bits of the key usage extension. */
const DIGITAL_SIGNATURE = 0;
const KEY_CERT_SIGN = 5;
const CRL_SIGN = 6;

/** A certificate authority that signs itself, and signs servers only: no authority beneath it (path length 0). */
export function issueAuthority(commonName: string, validity: Validity): Issued {
  const { publicKey, privateKey } = newKeys();
  return issue({
    subject: commonName,
    issuer: { commonName, key: privateKey },
    validity,
    publicKey,
    privateKey,
    extensions: [
      extension('2.5.29.19', sequence(boolean(true), integer(0n)), true),
      extension('2.5.29.15', namedBits([KEY_CERT_SIGN, CRL_SIGN]), true),
      subjectKeyId(publicKey),
    ],
  });
}

/** A server's certificate for these host names and addresses. */
export function issueServer(
  commonName: string,
  hosts: readonly string[],
  validity: Validity,
  issuer: Issuer,
): Issued {
  const { publicKey, privateKey } = newKeys();
  return issue({
    subject: commonName,
    issuer,
    validity,
    publicKey,
    privateKey,
    extensions: [
      extension('2.5.29.19', sequence(), true),
      extension('2.5.29.15', namedBits([DIGITAL_SIGNATURE]), true),
      extension('2.5.29.37', sequence(SERVER_AUTH)),
      extension('2.5.29.17', sequence(...hosts.map(generalName))),
      subjectKeyId(publicKey),
      extension('2.5.29.35', sequence(implicit(0, keyId(createPublicKey(issuer.key))))),
    ],
  });
}

/** P-256: ES256. */
function newKeys(): { readonly publicKey: KeyObject; readonly privateKey: KeyObject } {
  return generateKeyPairSync('ec', { namedCurve: 'prime256v1' });
}

function issue(of: {
  readonly subject: string;
  readonly issuer: Issuer;
  readonly validity: Validity;
  readonly publicKey: KeyObject;
  readonly privateKey: KeyObject;
  readonly extensions: readonly Buffer[];
}): Issued {
  const toBeSigned = sequence(
    explicit(0, integer(2n)),
    integer(randomSerial()),
    ECDSA_WITH_SHA256,
    nameOf(of.issuer.commonName),
    sequence(time(of.validity.from), time(of.validity.to)),
    nameOf(of.subject),
    of.publicKey.export({ type: 'spki', format: 'der' }),
    explicit(3, sequence(...of.extensions)),
  );
  const signature = sign('sha256', toBeSigned, of.issuer.key);
  const der = sequence(toBeSigned, ECDSA_WITH_SHA256, bitString(signature));
  const lines = der.toString('base64').match(/.{1,64}/g) ?? [];
  return {
    certPem: `-----BEGIN CERTIFICATE-----\n${lines.join('\n')}\n-----END CERTIFICATE-----\n`,
    keyPem: of.privateKey.export({ type: 'pkcs8', format: 'pem' }).toString(),
  };
}

/** 128 random bits with one above them: never zero, never twice. */
function randomSerial(): bigint {
  return (1n << 128n) | BigInt(`0x${randomBytes(16).toString('hex')}`);
}

function nameOf(commonName: string): Buffer {
  return sequence(set(sequence(oid(COMMON_NAME), utf8String(commonName))));
}

function extension(id: string, value: Uint8Array, critical = false): Buffer {
  return critical
    ? sequence(oid(id), boolean(true), octetString(value))
    : sequence(oid(id), octetString(value));
}

function subjectKeyId(key: KeyObject): Buffer {
  return extension('2.5.29.14', octetString(keyId(key)));
}

/** Names a key; any digest of it will do (RFC 7093, method 1, over the whole of it). */
function keyId(key: KeyObject): Buffer {
  return createHash('sha256')
    .update(key.export({ type: 'spki', format: 'der' }))
    .digest()
    .subarray(0, 20);
}

/** A host as the subject alternative name holds it: a DNS name, or an address in its bytes. */
function generalName(host: string): Buffer {
  return isIP(host) === 0 ? implicit(2, Buffer.from(host, 'ascii')) : implicit(7, addressBytes(host));
}

function addressBytes(address: string): Buffer {
  if (isIPv4(address)) return Buffer.from(address.split('.').map(Number));
  // The URL's parser writes an embedded IPv4 address as groups too.
  const [head = '', tail] = new URL(`http://[${address}]`).hostname.slice(1, -1).split('::');
  const groups = (text: string): string[] => (text === '' ? [] : text.split(':'));
  const left = groups(head);
  const right = groups(tail ?? '');
  const middle = tail === undefined ? [] : Array.from({ length: 8 - left.length - right.length }, () => '0');
  return Buffer.from([...left, ...middle, ...right].map((group) => group.padStart(4, '0')).join(''), 'hex');
}
