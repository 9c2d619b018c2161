import { X509Certificate } from 'node:crypto';
import { readFileSync } from 'node:fs';
import { type ConnectionOptions, connect, type DetailedPeerCertificate } from 'node:tls';
import { certificateFault, EnvironmentReader, readBrokerConfig, readCaFile } from '@tillcast/broker';
import type { Place } from '../place.ts';
import type { ApiAddress } from './ask-api.ts';
import type { CertificateFacts } from './facts.ts';
import { managementOf } from './read-broker.ts';

const PATIENCE_MS = 8_000;
const DEFAULT_PORTS: Readonly<Record<string, number>> = { 'https:': 443, 'amqps:': 5671 };

interface Endpoint {
  readonly url: string;
  readonly caPem: string | null;
  readonly variable: string;
}

/**
 * The certificates that a client would meet, each verified as by a client, and those that the backend of this
 * machine is configured with.
 * @param tillUrls where this machine's till goes for the broker
 */
export async function readCertificates(
  place: Place,
  api: ApiAddress,
  tillUrls: readonly string[],
): Promise<readonly CertificateFacts[]> {
  const reader = new EnvironmentReader(place.env);
  const named = reader.hasSecret('AMQP_URL') ? readBrokerConfig(reader).urls : [];
  const management = managementOf(place);
  const caPem = readCaFile(reader, 'AMQP_CA_FILE');
  const urls = [
    ...new Set(
      [
        ...named,
        ...tillUrls,
        ...(management === null ? [] : [management.url, ...(management.otherUrls ?? [])]),
      ].map(bare),
    ),
  ];
  const endpoints: readonly Endpoint[] = [
    { url: bare(api.url), caPem: api.caPem, variable: api.caVariable },
    ...urls.map((url) => ({ url, caPem, variable: 'AMQP_CA_FILE' })),
  ];
  const secure = endpoints.filter(({ url }) => DEFAULT_PORTS[new URL(url).protocol] !== undefined);
  const met = await Promise.all(secure.map(meet));
  const file = reader.text('TLS_CERT_FILE');
  return file === null ? met : [...met, inFile(file)];
}

/** `scheme://host:port`. */
function bare(text: string): string {
  const { protocol, host } = new URL(text);
  return `${protocol}//${host}`;
}

async function meet({ url, caPem, variable }: Endpoint): Promise<CertificateFacts> {
  const { protocol, hostname, port } = new URL(url);
  const host = hostname.replace(/^\[|\]$/g, '');
  const options: ConnectionOptions = {
    host,
    port: port === '' ? (DEFAULT_PORTS[protocol] ?? 443) : Number(port),
    servername: /^[\d.]+$|:/.test(host) ? '' : host,
    rejectUnauthorized: true,
    minVersion: 'TLSv1.2',
    ...(caPem === null ? {} : { ca: caPem }),
  };
  const { promise, resolve, reject } = Promise.withResolvers<DetailedPeerCertificate>();
  const socket = connect(options, () => resolve(socket.getPeerCertificate(true)));
  socket.setTimeout(PATIENCE_MS, () => reject(new Error(`no answer within ${PATIENCE_MS / 1_000} s`)));
  socket.once('error', reject);
  try {
    const certificate = await promise;
    return {
      where: url,
      variable,
      fault: null,
      validTo: new Date(certificate.valid_to),
      issuer: nameOf(certificate.issuer.CN),
      chain: chainOf(certificate),
    };
  } catch (error) {
    const fault = certificateFault(error, variable);
    return { where: url, variable, fault, validTo: null, issuer: null, chain: null };
  } finally {
    socket.destroy();
  }
}

function inFile(path: string): CertificateFacts {
  const base = { where: path, variable: 'TLS_CERT_FILE', issuer: null, chain: null };
  try {
    const certificate = new X509Certificate(readFileSync(path));
    return { ...base, fault: null, validTo: certificate.validToDate };
  } catch (error) {
    const why = error instanceof Error ? error.message : String(error);
    return { ...base, fault: `the file cannot be read: ${why}`, validTo: null };
  }
}

function nameOf(name: string | readonly string[] | undefined): string | null {
  return typeof name === 'string' ? name : (name?.[0] ?? null);
}

function chainOf(certificate: DetailedPeerCertificate): number {
  const seen = new Set<string>();
  for (let each = certificate; !seen.has(each.fingerprint256); each = each.issuerCertificate) {
    seen.add(each.fingerprint256);
    if (each.issuerCertificate === undefined) break;
  }
  return seen.size;
}
