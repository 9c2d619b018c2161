import { copyFile, mkdtemp, rename, rm } from 'node:fs/promises';
import { Agent, request } from 'node:https';
import { connect as connectPlain } from 'node:net';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { connect, type SecureVersion, TLSSocket } from 'node:tls';
import { parseBackendConfig, type RunningBackend, startBackend } from '@tillcast/backend';
import { createFetch, createLogger } from '@tillcast/broker';
import { freePort, placeEmbeddedDatabase } from '@tillcast/testkit';
import { afterAll, beforeAll, expect, test, vi } from 'vitest';
import { TlsEndpoint } from '../../packages/backend/src/http/tls/tls-endpoint.ts';
import { invoke } from '../../packages/cli/test/cli-host.ts';
import { type TestAuthority, testAuthority } from '../support/certificates.ts';
import { API_KEY } from '../support/system.ts';

let authority: TestAuthority;
let folder: string;
let files: { readonly certFile: string; readonly keyFile: string };
let backend: RunningBackend;
const log: string[] = [];
const logger = createLogger({ service: 'test', level: 'info' }, { write: (line) => void log.push(line) });

beforeAll(async () => {
  authority = await testAuthority();
  folder = await mkdtemp(join(tmpdir(), 'tillcast-https-'));
  files = await authority.server('backend');
  const config = parseBackendConfig({
    HOST: 'localhost',
    PORT: String(await freePort()),
    TLS_CERT_FILE: files.certFile,
    TLS_KEY_FILE: files.keyFile,
    AMQP_URL: `amqp://127.0.0.1:${await freePort()}`,
    TILLCAST_DATA_DIR: join(folder, 'backend'),
    TILLCAST_API_KEY: API_KEY,
    TILLCAST_AUTH: 'license-key',
    VALID_LICENSE_KEY: 'EXTRO-LIFE-ABC123',
  });
  await placeEmbeddedDatabase(join(folder, 'backend', 'database'));
  backend = await startBackend(config, { logger });
});
afterAll(async () => {
  await backend?.[Symbol.asyncDispose]();
  await authority[Symbol.asyncDispose]();
  await rm(folder, { recursive: true, force: true });
});

const port = (): number => Number(new URL(backend.url).port);

/** Shakes hands and says what came of it. */
function handshake(maxVersion: SecureVersion): Promise<string> {
  const { promise, resolve } = Promise.withResolvers<string>();
  const socket = connect({
    host: 'localhost',
    port: port(),
    ca: authority.caPem,
    minVersion: 'TLSv1',
    maxVersion,
    // OpenSSL itself would not offer the old versions.
    ciphers: 'DEFAULT:@SECLEVEL=0',
  });
  socket.once('secureConnect', () => resolve(socket.getProtocol() ?? ''));
  socket.once('error', (error: NodeJS.ErrnoException) => resolve(error.code ?? error.message));
  return promise.finally(() => socket.destroy());
}

test('[E10] with a certificate and its key the API answers over HTTPS, on every address of its host, with its usual headers', async () => {
  expect(backend.url).toBe(`https://localhost:${port()}`);
  const ask = createFetch(authority.caPem);
  for (const host of ['localhost', '127.0.0.1']) {
    const answer = await ask(`https://${host}:${port()}/health`);
    expect([host, answer.status]).toEqual([host, 200]);
    expect(Object.fromEntries(answer.headers)).toMatchObject({
      'x-content-type-options': 'nosniff',
      'x-frame-options': 'DENY',
      'cache-control': 'no-store',
    });
    expect(answer.headers.has('strict-transport-security')).toBe(false);
  }
});

test('[E10] TLS older than 1.2 is refused, and plain HTTP gets no answer', async () => {
  expect(await handshake('TLSv1.3')).toBe('TLSv1.3');
  expect(await handshake('TLSv1.2')).toBe('TLSv1.2');
  expect(await handshake('TLSv1.1')).toMatch(/^ERR_SSL|ECONNRESET|EPROTO/);
  const { promise, resolve } = Promise.withResolvers<string>();
  let answered = '';
  const socket = connectPlain(port(), '127.0.0.1', () =>
    socket.write('GET /health HTTP/1.1\r\nHost: x\r\n\r\n'),
  );
  socket.on('data', (bytes: Buffer) => (answered += bytes.toString('latin1')));
  socket.on('error', () => socket.destroy());
  socket.on('close', () => resolve(answered));
  expect(await promise).not.toContain('HTTP/');
});

test('[E10] the shell asks over HTTPS with the authority of TILLCAST_CA_FILE', async () => {
  const env = { TILLCAST_URL: backend.url, TILLCAST_API_KEY: API_KEY };
  const { code, out } = await invoke(['license', 'list', '--json'], {
    env: { ...env, TILLCAST_CA_FILE: authority.caFile },
  });
  expect({ code, out }).toEqual({ code: 0, out: expect.stringContaining('EXTRO-LIFE-ABC123') });
  const without = await invoke(['license', 'list'], { env });
  expect(without).toMatchObject({ code: 6, err: expect.stringContaining('TILLCAST_CA_FILE') });
});

test('[E10] compressed and large answers come through a client with its own authorities as they are', async () => {
  const operations = Array.from({ length: 500 }, (_, index) => ({
    op: 'put',
    kind: 'product',
    item: { id: `P${index}`, name: `Product number ${index}`, price: 1, currency: 'GBP' },
  }));
  const ask = createFetch(authority.caPem);
  const headers = { authorization: `Bearer ${API_KEY}`, 'content-type': 'application/json' };
  const path = `${backend.url}/api/v1/admin/licenses/EXTRO-LIFE-ABC123`;
  const body = JSON.stringify({ operations });
  expect((await ask(`${path}/changes`, { method: 'POST', headers, body })).status).toBe(200);
  const texts = await Promise.all(
    ['identity', 'gzip', 'br', 'zstd'].map(async (coding) => {
      const answer = await ask(`${backend.url}/api/v1/sync/full_data`, {
        headers: { 'x-license-key': 'EXTRO-LIFE-ABC123', 'accept-encoding': coding },
      });
      expect(answer.headers.get('content-encoding') ?? 'identity').toBe(coding);
      return answer.text();
    }),
  );
  expect(new Set(texts).size).toBe(1);
  expect(texts[0]?.length).toBeGreaterThan(10_000);
});

/** An endpoint of its own, whose files a test may change. */
async function endpoint(): Promise<
  AsyncDisposable & { readonly port: number; readonly files: typeof files; readonly agent: Agent }
> {
  const own = { certFile: join(folder, 'own.pem'), keyFile: join(folder, 'own.key.pem') };
  await copyFile(files.certFile, own.certFile);
  await copyFile(files.keyFile, own.keyFile);
  const tls = new TlsEndpoint({ files: own, logger, now: () => new Date(), lookEveryMs: 10 });
  const server = tls.createServer((_request, response) => void response.end('well'), {});
  await new Promise<void>((resolve) => void server.listen(0, '127.0.0.1', resolve));
  const address = server.address();
  if (address === null || typeof address === 'string') throw new Error('the server has no port');
  const agent = new Agent({ ca: authority.caPem, keepAlive: true, maxSockets: 1 });
  return {
    port: address.port,
    files: own,
    agent,
    [Symbol.asyncDispose]: async () => {
      tls[Symbol.dispose]();
      agent.destroy();
      server.closeAllConnections();
      await new Promise((resolve) => void server.close(resolve));
    },
  };
}

/** Puts a file in another's place as a whole, as whoever renews a certificate does: no look finds half of it. */
async function replaceFile(from: string, to: string): Promise<void> {
  await copyFile(from, `${to}.new`);
  await rename(`${to}.new`, to);
}

/** The common name of the certificate that answers, and the client's port. */
function whoAnswers(
  at: number,
  agent?: Agent,
): Promise<{ readonly name: string; readonly clientPort: number }> {
  const { promise, resolve, reject } = Promise.withResolvers<{ name: string; clientPort: number }>();
  const outgoing = request(
    { host: '127.0.0.1', port: at, ca: authority.caPem, agent: agent ?? false },
    (incoming) => {
      const { socket } = incoming;
      if (!(socket instanceof TLSSocket)) throw new Error('the answer did not come over TLS');
      const name = String(socket.getPeerCertificate().subject.CN);
      incoming.resume().once('end', () => resolve({ name, clientPort: socket.localPort ?? 0 }));
    },
  );
  outgoing.once('error', reject).end();
  return promise;
}

test('[E13] a new certificate is used for new connections without a restart, and open connections stay', async () => {
  await using at = await endpoint();
  const before = await whoAnswers(at.port, at.agent);
  expect(before.name).toBe('backend');
  const renewed = await authority.server('renewed');
  await replaceFile(renewed.keyFile, at.files.keyFile);
  await replaceFile(renewed.certFile, at.files.certFile);
  await vi.waitUntil(async () => (await whoAnswers(at.port)).name === 'renewed', { timeout: 10_000 });
  expect((await whoAnswers(at.port, at.agent)).clientPort).toBe(before.clientPort);
});

test('[E13] a changed pair that is no good is left, said once, and the one before it stays in use', async () => {
  await using at = await endpoint();
  const from = log.length;
  const said = (): number =>
    log.slice(from).filter((line) => line.includes('The changed certificate cannot be used')).length;
  await replaceFile((await authority.server('renewed')).certFile, at.files.certFile);
  await vi.waitUntil(() => said() > 0, { timeout: 10_000 });
  expect((await whoAnswers(at.port)).name).toBe('backend');
  await new Promise((resolve) => setTimeout(resolve, 100));
  expect(said()).toBe(1);
  await replaceFile((await authority.server('renewed')).keyFile, at.files.keyFile);
});

test('[E13] a certificate that is about to expire is named in the log', async () => {
  await using _at = await endpoint();
  expect(log.join('')).toContain('The certificate expires soon: renew it');
  const { certFile, keyFile } = await authority.server('expired', { expired: true });
  using _endpoint = new TlsEndpoint({ files: { certFile, keyFile }, logger, now: () => new Date() });
  expect(log.at(-1)).toContain('The certificate has expired');
});
