import { isIP } from 'node:net';
import { join, resolve } from 'node:path';
import { findDataDir } from '../api/locate.ts';
import { type CliCommand, defineCommand } from '../command.ts';
import type { CliContext } from '../context.ts';
import { quoted, usageError } from '../input/parse.ts';
import { type DevelopmentTls, LOCAL_HOSTS, makeDevelopmentTls, TLS_FILES } from '../tls/development-tls.ts';

interface Input {
  readonly directory: string;
  readonly hosts: readonly string[] | null;
}

export const tlsInit: CliCommand = defineCommand<Input, DevelopmentTls>({
  description:
    'Make a certificate authority and server certificates for development: for the backend, RabbitMQ and PostgreSQL, good for localhost and the hosts that are named. Run again, it keeps the authority and renews the certificates; a running backend takes the new ones by itself. In production use your own authority.',
  examples: ['tillcast tls init', 'tillcast tls init --host pos.example.com --host 192.168.1.20'],
  flags: [
    { flags: '--out <path>', description: 'The folder to write to', fallback: '.tillcast/tls' },
    {
      flags: '--host <name>',
      description: 'A host name or address, besides localhost, by which servers are reached',
      repeatable: true,
      fallback: 'those of the last time',
    },
  ],
  local: true,
  validate: async (given, context) => {
    const out = given.text('out');
    const hosts = given.list('host');
    for (const host of hosts) checkHost(host);
    const directory = out === undefined ? join(await findDataDir(context), 'tls') : resolve(context.cwd, out);
    return { directory, hosts: hosts.length === 0 ? null : hosts };
  },
  run: ({ directory, hosts }) => makeDevelopmentTls(directory, hosts, new Date()),
  print,
  json: (made) => ({
    directory: made.directory,
    hosts: made.hosts,
    authority_is_new: made.authorityIsNew,
    authority_expires_at: made.authorityExpiresAt,
    servers_expire_at: made.serversExpireAt,
    environment: variables(made),
  }),
});

const DNS_NAME = /^(\*\.)?[a-z0-9]([a-z0-9-]{0,61}[a-z0-9])?(\.[a-z0-9]([a-z0-9-]{0,61}[a-z0-9])?)*$/i;

function checkHost(host: string): void {
  // An address with a zone (`fe80::1%eth0`) is one machine's own name for it.
  if ((isIP(host) !== 0 && !host.includes('%')) || (host.length <= 253 && DNS_NAME.test(host))) return;
  throw usageError(
    `--host must be a host name or an address, without scheme, port or path, and is ${quoted(host)}.`,
  );
}

/** What to set, for whom. */
function variables({ directory, hosts }: DevelopmentTls): Readonly<Record<string, Record<string, string>>> {
  const host = hosts.find((each) => !LOCAL_HOSTS.includes(each) && !each.startsWith('*')) ?? 'localhost';
  const inUrl = isIP(host) === 6 ? `[${host}]` : host;
  const file = (name: string): string => join(directory, name);
  const ca = file(TLS_FILES.authority);
  return {
    backend: {
      TLS_CERT_FILE: file(TLS_FILES.backend),
      TLS_KEY_FILE: file(TLS_FILES.backendKey),
      AMQP_URL: `amqps://<user>:<password>@${inUrl}:5671/`,
      AMQP_CA_FILE: ca,
      DATABASE_URL: `postgresql://<user>:<password>@${inUrl}:5432/tillcast?sslmode=verify-full&sslrootcert=${encodeURI(ca)}`,
    },
    terminal: { SYNC_API_URL: `https://${inUrl}:8080`, SYNC_API_CA_FILE: ca, AMQP_CA_FILE: ca },
    shell: { TILLCAST_URL: `https://${inUrl}:8080`, TILLCAST_CA_FILE: ca },
  };
}

function print(made: DevelopmentTls, { out, err, outStyles, errStyles }: CliContext): void {
  const day = (at: Date): string => at.toISOString().slice(0, 10);
  const authority = made.authorityIsNew ? 'a new authority' : 'the authority kept';
  err.write(
    `${errStyles.ok(`${made.directory}: ${authority} (until ${day(made.authorityExpiresAt)}), new certificates for ${made.hosts.join(', ')} (until ${day(made.serversExpireAt)})`)}\n`,
  );
  err.write(
    `${errStyles.warning(`For development. Whoever has ${TLS_FILES.authorityKey} can pose as any of these servers.`)}\n`,
  );
  for (const [who, set] of Object.entries(variables(made))) {
    out.write(`\n${outStyles.muted(`# for the ${who}`)}\n`);
    for (const [name, value] of Object.entries(set)) out.write(`${name}=${value}\n`);
  }
  out.write(`\n${outStyles.muted(`# for RabbitMQ: ${join(made.directory, TLS_FILES.rabbitmqConf)}`)}\n`);
  out.write(`\n${outStyles.muted('# for PostgreSQL, in postgresql.conf')}\nssl = on\n`);
  out.write(`ssl_cert_file = '${join(made.directory, TLS_FILES.postgresql)}'\n`);
  out.write(`ssl_key_file = '${join(made.directory, TLS_FILES.postgresqlKey)}'\n`);
}
