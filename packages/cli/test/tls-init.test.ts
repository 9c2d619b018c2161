import { createPrivateKey, X509Certificate } from 'node:crypto';
import { mkdtemp, readdir, readFile, rm, stat, writeFile } from 'node:fs/promises';
import { isIP } from 'node:net';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import fc from 'fast-check';
import { afterAll, beforeEach, expect, test } from 'vitest';
import { issueAuthority, issueServer } from '../src/tls/certificate.ts';
import { makeDevelopmentTls } from '../src/tls/development-tls.ts';
import { invoke } from './cli-host.ts';

const folders: string[] = [];
let out: string;
beforeEach(async () => {
  const folder = await mkdtemp(join(tmpdir(), 'tillcast-tls-'));
  folders.push(folder);
  out = join(folder, 'tls');
});
afterAll(async () => {
  for (const folder of folders) await rm(folder, { recursive: true, force: true });
});

const init = (...words: readonly string[]) => invoke(['tls', 'init', '--out', out, ...words]);
const read = (name: string): Promise<string> => readFile(join(out, name), 'utf8');
const certificate = async (name: string): Promise<X509Certificate> => new X509Certificate(await read(name));
const days = (ms: number): number => Math.round(ms / 86_400_000);

test('[E14] tls init makes an authority for ten years that may sign servers only, and server certificates for 397 days', async () => {
  const { code, out: said, err } = await init('--host', 'pos.example.com', '--host', '2001:db8::7');
  expect({ code, err }).toMatchObject({ code: 0, err: expect.stringContaining('For development.') });
  const authority = await certificate('ca.pem');
  expect(authority.ca).toBe(true);
  expect(authority.checkIssued(authority) && authority.verify(authority.publicKey)).toBe(true);
  expect(days(authority.validToDate.getTime() - Date.now())).toBe(3_652);
  const serials = new Set([authority.serialNumber]);
  for (const name of ['backend', 'rabbitmq', 'postgresql']) {
    const leaf = await certificate(`${name}.pem`);
    expect(leaf.ca).toBe(false);
    expect(leaf.checkIssued(authority) && leaf.verify(authority.publicKey)).toBe(true);
    expect(leaf.checkPrivateKey(createPrivateKey(await read(`${name}.key.pem`)))).toBe(true);
    expect(leaf.keyUsage).toEqual(['1.3.6.1.5.5.7.3.1']);
    expect(days(leaf.validToDate.getTime() - Date.now())).toBe(397);
    for (const host of ['localhost', 'pos.example.com'])
      expect([host, leaf.checkHost(host)]).toEqual([host, host]);
    for (const ip of ['127.0.0.1', '::1', '2001:db8::7']) expect([ip, leaf.checkIP(ip)]).toEqual([ip, ip]);
    expect(leaf.checkHost('elsewhere.example.com')).toBeUndefined();
    serials.add(leaf.serialNumber);
  }
  expect(serials.size).toBe(4);
  for (const line of [
    `TLS_CERT_FILE=${out}/backend.pem`,
    `TLS_KEY_FILE=${out}/backend.key.pem`,
    `AMQP_CA_FILE=${out}/ca.pem`,
    `DATABASE_URL=postgresql://<user>:<password>@pos.example.com:5432/tillcast?sslmode=verify-full&sslrootcert=${out}/ca.pem`,
    `ssl_cert_file = '${out}/postgresql.pem'`,
    `ssl_key_file = '${out}/postgresql.key.pem'`,
    'SYNC_API_URL=https://pos.example.com:8080',
    `SYNC_API_CA_FILE=${out}/ca.pem`,
    `TILLCAST_CA_FILE=${out}/ca.pem`,
  ]) {
    expect(said.split('\n')).toContain(line);
  }
  expect(await read('rabbitmq.conf')).toContain('listeners.tcp = none\n');
});

test('[E14] keys are for their owner alone, and nothing else lies in the folder', async () => {
  await init();
  const modes = await Promise.all(
    (await readdir(out)).toSorted().map(async (name) => {
      const { mode } = await stat(join(out, name));
      return [name, (mode & 0o777).toString(8)];
    }),
  );
  expect(Object.fromEntries(modes)).toEqual({
    'backend.key.pem': '600',
    'backend.pem': '644',
    'ca.key.pem': '600',
    'ca.pem': '644',
    'postgresql.key.pem': '600',
    'postgresql.pem': '644',
    'rabbitmq.conf': '644',
    'rabbitmq.key.pem': '600',
    'rabbitmq.pem': '644',
    'tillcast-tls.json': '644',
  });
});

test('[E14] run again it keeps the authority and the hosts, and renews the certificates', async () => {
  await init('--host', 'pos.example.com');
  const before = { ca: await read('ca.pem'), leaf: await certificate('backend.pem') };
  const { code, out: said } = await init('--json');
  expect(code).toBe(0);
  expect(JSON.parse(said)).toMatchObject({ authority_is_new: false });
  expect(await read('ca.pem')).toBe(before.ca);
  const after = await certificate('backend.pem');
  expect(after.serialNumber).not.toBe(before.leaf.serialNumber);
  expect(after.subjectAltName).toBe(before.leaf.subjectAltName);
  await init('--host', 'other.example.com');
  expect((await certificate('backend.pem')).checkHost('pos.example.com')).toBeUndefined();
});

test('[E14] a file that it did not make, or that was changed since, is left as it is, and so are the others', async () => {
  await init();
  const backend = await read('backend.pem');
  for (const name of ['ca.pem', 'ca.key.pem', 'rabbitmq.key.pem', 'rabbitmq.conf']) {
    const own = await read(name);
    await writeFile(join(out, name), 'mine');
    const { code, err } = await init();
    expect({ code, err }).toEqual({
      code: 5,
      err: expect.stringContaining(`${out}/${name} was not made by`),
    });
    expect([await read(name), await read('backend.pem')]).toEqual(['mine', backend]);
    await writeFile(join(out, name), own);
  }
  await writeFile(join(out, 'tillcast-tls.json'), '{}');
  expect((await init()).code).toBe(5);
});

test('[E14] half an authority, and one that has expired, are not replaced in silence', async () => {
  await init();
  const later = new Date(Date.now() + 11 * 365 * 86_400_000);
  await expect(makeDevelopmentTls(out, null, later)).rejects.toMatchObject({
    code: 'configuration_invalid',
    message: expect.stringContaining('has expired'),
  });
  await rm(join(out, 'ca.key.pem'));
  const { code, err } = await init();
  expect({ code, err }).toEqual({ code: 2, err: expect.stringContaining('ca.key.pem is missing') });
});

test('[E14] no certificate outlives its authority', async () => {
  await init();
  const { validToDate } = await certificate('ca.pem');
  await makeDevelopmentTls(out, null, new Date(validToDate.getTime() - 5 * 86_400_000));
  expect((await certificate('backend.pem')).validToDate).toEqual(validToDate);
});

test.each([
  'http://pos.example.com',
  'pos.example.com:8080',
  'a_b',
  '-a.example',
  'a..b',
  '1.2.3.4/24',
  'fe80::1%eth0',
])('%j is no host', async (host) => {
  const { code, err } = await init(`--host=${host}`);
  expect({ code, err }).toEqual({ code: 2, err: expect.stringContaining('--host must be a host name') });
});

test('[E14] whatever the hosts and the years are, the certificate says exactly them', async () => {
  const authority = await issueAuthority('Authority', {
    from: new Date('2026-01-01'),
    to: new Date('2060-01-01'),
  });
  const second = fc.integer({ min: 0, max: 4_000_000_000 }).map((at) => new Date(at * 1_000));
  const host = fc.oneof(fc.ipV4(), fc.ipV6(), fc.domain());
  await fc.assert(
    fc.asyncProperty(
      second,
      second,
      fc.array(host, { minLength: 1, maxLength: 20 }),
      async (from, to, hosts) => {
        const { certPem } = await issueServer('A server', hosts, { from, to }, authority);
        const issued = new X509Certificate(certPem);
        expect([issued.validFromDate, issued.validToDate]).toEqual([from, to]);
        for (const each of hosts) {
          const found = isIP(each) === 0 ? issued.checkHost(each) : issued.checkIP(each);
          expect([each, found]).toEqual([each, each]);
        }
      },
    ),
    { numRuns: 200 },
  );
});
