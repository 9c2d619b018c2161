import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { mkdtemp, readFile, rm, writeFile } from 'node:fs/promises';
import { createServer } from 'node:https';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { freePort } from '@tillcast/testkit';
import { afterAll, beforeAll, expect, test } from 'vitest';
import { makeDevelopmentTls } from '../../packages/cli/src/tls/development-tls.ts';
import { root } from './repository.ts';

let tls: string;
beforeAll(async () => {
  tls = await mkdtemp(join(tmpdir(), 'tillcast-deploy-'));
  await makeDevelopmentTls(tls, ['backend'], new Date());
  const pair = await Promise.all(['backend.pem', 'backend.key.pem'].map((name) => readFile(join(tls, name))));
  await writeFile(join(tls, 'haproxy.pem'), Buffer.concat(pair));
});
afterAll(() => rm(tls, { recursive: true, force: true }));

/** Runs a program to its end. */
async function run(
  program: string,
  args: readonly string[],
  env: Readonly<Record<string, string>>,
): Promise<{ readonly code: number | null; readonly output: string }> {
  const child = spawn(program, args, { env: { PATH: `${process.env['PATH'] ?? ''}:/usr/sbin`, ...env } });
  let output = '';
  for (const stream of [child.stdout, child.stderr])
    stream.on('data', (chunk: Buffer) => (output += chunk.toString('utf8')));
  await once(child, 'close');
  return { code: child.exitCode, output };
}

test('[B43] HAProxy takes haproxy.cfg, and tells what would be wrong with it', async () => {
  const config = join(root, 'deploy', 'haproxy', 'haproxy.cfg');
  const good = await run('haproxy', ['-c', '-f', config], { TILLCAST_TLS: tls });
  expect(good.code, good.output).toBe(0);
  expect(good.output).not.toMatch(/^\[(?:WARNING|ALERT)\].*(?<!could not resolve address .*)$/m);
  const wrong = join(tls, 'wrong.cfg');
  await writeFile(wrong, (await readFile(config, 'utf8')).replace('balance leastconn', 'balance leastconnn'));
  expect((await run('haproxy', ['-c', '-f', wrong], { TILLCAST_TLS: tls })).code).toBe(1);
});

test('[B43] the health check of the images tells whether the service answers, by its own certificate alone', async () => {
  const [cert, key] = await Promise.all(
    ['backend.pem', 'backend.key.pem'].map((name) => readFile(join(tls, name))),
  );
  let status = 200;
  const server = createServer({ cert, key }, (_, response) => void response.writeHead(status).end('{}'));
  const port = await freePort();
  server.listen(port, '127.0.0.1');
  await once(server, 'listening');
  const check = (certificate: string): Promise<{ readonly code: number | null }> =>
    run(process.execPath, [join(root, 'deploy', 'health-check.mjs'), '/health', String(port)], {
      HOST: '0.0.0.0',
      TLS_CERT_FILE: join(tls, certificate),
    });
  try {
    expect((await check('backend.pem')).code).toBe(0);
    expect((await check('rabbitmq.pem')).code).toBe(1);
    status = 503;
    expect((await check('backend.pem')).code).toBe(1);
  } finally {
    server.close();
  }
  expect((await check('backend.pem')).code).toBe(1);
});
