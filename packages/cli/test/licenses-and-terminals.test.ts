import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { parseBackendConfig, type RunningBackend, startBackend } from '@tillcast/backend';
import {
  activationCodeSchema,
  createdLicenseSchema,
  licenseSchema,
  terminalListSchema,
} from '@tillcast/protocol/http/admin-api';
import { activationSchema, IDENTITY_PATHS } from '@tillcast/protocol/http/identity-api';
import { parseActivationCode } from '@tillcast/protocol/identity/activation-code';
import { type FreshVirtualHost, freePort, freshVirtualHost, placeEmbeddedDatabase } from '@tillcast/testkit';
import { exportJWK, generateKeyPair } from 'jose';
import { afterAll, beforeAll, expect, test } from 'vitest';
import { type CliOutcome, runTillcast } from './child-cli.ts';

const LICENSE = 'EXTRO-LIFE-CLI002';
const CODE = /[0-9A-Z]{5}(?:-[0-9A-Z]{5}){4}-[0-9A-Z]/;

let folder: string;
let broker: FreshVirtualHost;
let backend: RunningBackend;

beforeAll(async () => {
  folder = await mkdtemp(join(tmpdir(), 'tillcast-cli-'));
  broker = await freshVirtualHost();
  await placeEmbeddedDatabase(join(folder, '.tillcast', 'database'));
  backend = await startBackend(
    parseBackendConfig({
      AMQP_URL: broker.amqpUrl,
      TILLCAST_DATA_DIR: join(folder, '.tillcast'),
      PORT: String(await freePort()),
      LOG_LEVEL: 'silent',
    }),
  );
});

afterAll(async () => {
  await backend?.stop();
  await broker?.drop();
  await rm(folder, { recursive: true, force: true });
});

function tillcast(...argv: string[]): Promise<CliOutcome> {
  return runTillcast(argv, { cwd: folder, env: { TILLCAST_URL: backend.url } });
}

/** Activates a till over HTTP. @returns its id */
async function activate(code: string): Promise<string> {
  const { publicKey } = await generateKeyPair('ES256', { extractable: true });
  const { kty, crv, x, y } = await exportJWK(publicKey);
  const request = {
    license_key: LICENSE,
    activation_code: code,
    name: 'Bar',
    public_key: { kty, crv, x, y },
  };
  const answer = await fetch(backend.url + IDENTITY_PATHS.activate, {
    method: 'POST',
    headers: { 'content-type': 'application/json' },
    body: JSON.stringify(request),
  });
  return activationSchema.parse(await answer.json()).terminal_id;
}

test('[G4] a code is shown when a license is created or its code renewed, and never again', async () => {
  const created = await tillcast('license', 'create', LICENSE, '--name', 'The Shop', '--terminals', '2');
  expect(created).toMatchObject({ code: 0 });
  const code = CODE.exec(created.out)?.[0] ?? '';
  expect(parseActivationCode(code)).toBe(code);
  expect(created.err).toContain('shown once');
  const json = await tillcast('license', 'create', 'EXTRO-LIFE-CLI003', '--json');
  expect(createdLicenseSchema.parse(JSON.parse(json.out))).toMatchObject({ terminals_max: 10 });
  expect(json.err).toBe('');
  for (const words of [
    ['license', 'show', LICENSE],
    ['license', 'list'],
  ]) {
    const shown = await tillcast(...words);
    expect(shown.out).toContain(LICENSE);
    expect(shown.out).not.toMatch(CODE);
  }
  const renewed = await tillcast('license', 'renew-code', LICENSE);
  expect(renewed.out).toMatch(CODE);
  expect(renewed.out).not.toContain(code);
  expect(renewed.err).toContain('shown once');
});

test('terminals are listed, renamed, moved and revoked', async () => {
  const renewed = await tillcast('license', 'renew-code', LICENSE, '--json');
  const { activation_code: code } = activationCodeSchema.parse(JSON.parse(renewed.out));
  const id = await activate(code);
  expect((await tillcast('terminals', 'rename', id, 'Terrace')).out).toContain('Terrace');
  const listed = await tillcast('terminals', 'list', '--license', LICENSE);
  expect(listed.out).toMatch(new RegExp(`active +${id} +Terrace`));
  const moved = await tillcast('terminals', 'move', id, '--json');
  const { activation_code: seatCode } = activationCodeSchema.parse(JSON.parse(moved.out));
  const next = await activate(seatCode);
  expect((await tillcast('terminals', 'revoke', next)).out).toContain('revoked');
  const all = await tillcast('terminals', 'list', '--json');
  const { terminals } = terminalListSchema.parse(JSON.parse(all.out));
  const mine = terminals.filter((terminal) => terminal.license_key === LICENSE);
  expect(mine.map(({ name, standing }) => `${name} ${standing}`)).toEqual([
    'Terrace revoked',
    'Terrace revoked',
  ]);
  expect(await tillcast('terminals', 'move', next)).toMatchObject({ code: 4, out: '' });
  const nowhere = '0192f0c1-7a52-4c3e-9d3a-3f1c6f1d2a99';
  expect(await tillcast('terminals', 'revoke', nowhere)).toMatchObject({ code: 3 });
  expect(await tillcast('terminals', 'revoke', 'till-1')).toMatchObject({ code: 2 });
  expect(await tillcast('terminals', 'rename', id, 'a\u001bb')).toMatchObject({ code: 2 });
  expect(await tillcast('terminals', 'list', '--license', 'EXTRO-LIFE-NOBODY')).toMatchObject({ code: 3 });
});

test('a license is changed, and revoked for good', async () => {
  expect(await tillcast('license', 'update', LICENSE)).toMatchObject({ code: 2 });
  const words = ['--valid-until', '2090-01-31', '--terminals', '25', '--name', 'Nord'];
  const changed = await tillcast('license', 'update', LICENSE, ...words, '--json');
  expect(licenseSchema.parse(JSON.parse(changed.out))).toMatchObject({
    name: 'Nord',
    valid_until: '2090-01-31T23:59:59.999Z',
    terminals_max: 25,
  });
  expect((await tillcast('license', 'revoke', LICENSE)).out).toContain('revoked');
  expect(await tillcast('license', 'resume', LICENSE)).toMatchObject({ code: 4 });
  expect((await tillcast('license', 'show', LICENSE)).out).toContain('revoked');
});
