import { randomBytes, X509Certificate } from 'node:crypto';
import { join } from 'node:path';
import { TillcastError } from '@tillcast/protocol/errors';
import type { Issued } from './certificate.ts';
import { OwnFiles } from './own-files.ts';
import { rabbitmqConf } from './rabbitmq-conf.ts';

/** Names of files in the folder. */
export const TLS_FILES = {
  authority: 'ca.pem',
  authorityKey: 'ca.key.pem',
  backend: 'backend.pem',
  backendKey: 'backend.key.pem',
  rabbitmq: 'rabbitmq.pem',
  rabbitmqKey: 'rabbitmq.key.pem',
  rabbitmqConf: 'rabbitmq.conf',
  postgresql: 'postgresql.pem',
  postgresqlKey: 'postgresql.key.pem',
} as const;

/** Every certificate is good for these; `--host` adds to them. */
export const LOCAL_HOSTS: readonly string[] = ['localhost', '127.0.0.1', '::1'];

const DAY_MS = 24 * 60 * 60 * 1_000;
const AUTHORITY_DAYS = 3_652;
/** The longest that common clients accept of a server. */
const SERVER_DAYS = 397;
/** A clock that is a little behind takes a new certificate too. */
const BACKDATED_MS = 60 * 60 * 1_000;

/** What was made. */
export interface DevelopmentTls {
  readonly directory: string;
  /** Whether the authority is new, so that everybody has to be given it. */
  readonly authorityIsNew: boolean;
  readonly hosts: readonly string[];
  readonly authorityExpiresAt: Date;
  readonly serversExpireAt: Date;
}

/**
 * Makes, or renews, what development over TLS needs: an authority, which is kept once it is there, and
 * certificates for backend, RabbitMQ and PostgreSQL, which are new each time.
 * @param hosts further names and addresses; null: those of the last time
 * @throws TillcastError `file_foreign` when a file is there that we did not make; nothing is written then
 */
export async function makeDevelopmentTls(
  directory: string,
  hosts: readonly string[] | null,
  now: Date,
): Promise<DevelopmentTls> {
  const files = await OwnFiles.open(directory);
  const kept = await keptAuthority(files, now);
  const authority = kept ?? (await newAuthority(now));
  const authorityExpiresAt = new X509Certificate(authority.certPem).validToDate;
  const serversExpireAt = new Date(
    Math.min(now.getTime() + SERVER_DAYS * DAY_MS, authorityExpiresAt.getTime()),
  );
  const validity = { from: new Date(now.getTime() - BACKDATED_MS), to: serversExpireAt };
  const names = [...new Set([...LOCAL_HOSTS, ...(hosts ?? files.hosts)])];
  // Loaded only where certificates are made: it is large, and its polyfill changes the process's `Reflect`.
  const { issueServer } = await import('./certificate.ts');
  const backend = await issueServer('Tillcast backend', names, validity, authority);
  const rabbitmq = await issueServer('Tillcast RabbitMQ', names, validity, authority);
  const postgresql = await issueServer('Tillcast PostgreSQL', names, validity, authority);
  const { authority: ca, authorityKey, rabbitmqConf: conf } = TLS_FILES;
  const open = (name: string, content: string) => ({ name, content, secret: false });
  const secret = (name: string, content: string) => ({ name, content, secret: true });
  await files.write(
    [
      ...(kept === null ? [open(ca, authority.certPem), secret(authorityKey, authority.keyPem)] : []),
      open(TLS_FILES.backend, backend.certPem),
      secret(TLS_FILES.backendKey, backend.keyPem),
      open(TLS_FILES.rabbitmq, rabbitmq.certPem),
      secret(TLS_FILES.rabbitmqKey, rabbitmq.keyPem),
      open(TLS_FILES.postgresql, postgresql.certPem),
      secret(TLS_FILES.postgresqlKey, postgresql.keyPem),
      open(conf, rabbitmqConf(directory, TLS_FILES)),
    ],
    names,
  );
  return {
    directory,
    authorityIsNew: kept === null,
    hosts: names,
    authorityExpiresAt,
    serversExpireAt,
  };
}

async function newAuthority(now: Date): Promise<Issued> {
  const { issueAuthority } = await import('./certificate.ts');
  // Each has a name of its own: two of one name and different keys are hard to tell apart.
  const name = `Tillcast development CA ${randomBytes(4).toString('hex')}`;
  return issueAuthority(name, {
    from: new Date(now.getTime() - BACKDATED_MS),
    to: new Date(now.getTime() + AUTHORITY_DAYS * DAY_MS),
  });
}

async function keptAuthority(files: OwnFiles, now: Date): Promise<Issued | null> {
  const certPem = await files.read(TLS_FILES.authority);
  const keyPem = await files.read(TLS_FILES.authorityKey);
  if (certPem === null && keyPem === null) return null;
  const problem = (what: string): TillcastError =>
    new TillcastError(
      'configuration_invalid',
      `${what}. Remove ${files.directory}, run this again, and give the new ${TLS_FILES.authority} to all who trusted the old one.`,
    );
  if (certPem === null || keyPem === null) {
    const missing = certPem === null ? TLS_FILES.authority : TLS_FILES.authorityKey;
    throw problem(
      `${join(files.directory, missing)} is missing, and the other half of the authority is there`,
    );
  }
  if (new X509Certificate(certPem).validToDate <= now) {
    throw problem(`The authority in ${join(files.directory, TLS_FILES.authority)} has expired`);
  }
  return { certPem, keyPem };
}
