import { mkdtemp, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { createServer as createTlsServer } from 'node:tls';
import { type Issued, issueAuthority, issueServer } from '../../packages/cli/src/tls/certificate.ts';

const DAY_MS = 86_400_000;

/** An authority for a test, and the files of what it signs. */
export interface TestAuthority extends AsyncDisposable {
  /** Of its own certificate. */
  readonly caFile: string;
  readonly caPem: string;
  /** Signs a server's certificate and writes both files: `<name>.pem`, `<name>.key.pem`. */
  readonly server: (
    name: string,
    of?: { readonly hosts?: readonly string[]; readonly expired?: boolean },
  ) => Promise<Issued & { readonly certFile: string; readonly keyFile: string }>;
}

export async function testAuthority(): Promise<TestAuthority> {
  const folder = await mkdtemp(join(tmpdir(), 'tillcast-authority-'));
  const now = Date.now();
  const authority = await issueAuthority('Authority of a test', {
    from: new Date(now - 30 * DAY_MS),
    to: new Date(now + DAY_MS),
  });
  const caFile = join(folder, 'ca.pem');
  await writeFile(caFile, authority.certPem);
  return {
    caFile,
    caPem: authority.certPem,
    server: async (name, { hosts = ['localhost', '127.0.0.1'], expired = false } = {}) => {
      const issued = await issueServer(
        name,
        hosts,
        { from: new Date(now - 2 * DAY_MS), to: new Date(now + (expired ? -DAY_MS : DAY_MS)) },
        authority,
      );
      const certFile = join(folder, `${name}.pem`);
      const keyFile = join(folder, `${name}.key.pem`);
      await writeFile(keyFile, issued.keyPem);
      await writeFile(certFile, issued.certPem);
      return { ...issued, certFile, keyFile };
    },
    [Symbol.asyncDispose]: () => rm(folder, { recursive: true, force: true }),
  };
}

/** A TLS server that only shakes hands, and counts the bytes that clients sent it after that. */
export async function handshakeOnly(
  issued: Issued,
): Promise<AsyncDisposable & { readonly port: number; readonly received: () => number }> {
  let received = 0;
  const server = createTlsServer({ cert: issued.certPem, key: issued.keyPem }, (socket) => {
    // Whoever goes on speaking here has taken the certificate.
    socket.on('data', (bytes) => {
      received += bytes.length;
      socket.destroy();
    });
    socket.on('error', () => socket.destroy());
  });
  await new Promise<void>((resolve) => void server.listen(0, '127.0.0.1', resolve));
  const address = server.address();
  if (address === null || typeof address === 'string') throw new Error('the server has no port');
  return {
    port: address.port,
    received: () => received,
    [Symbol.asyncDispose]: () => new Promise((resolve) => void server.close(() => resolve())),
  };
}
