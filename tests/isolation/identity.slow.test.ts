import { mkdtempSync, readdirSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { ADMIN_PATHS } from '@tillcast/protocol/http/admin-api';
import type { RunningTerminal } from '@tillcast/terminal';
import { afterAll, beforeAll, expect, test, vi } from 'vitest';
import { tillFolder } from '../support/activated-tills.ts';
import { type CliOutcome, type RunOptions, runCommand } from '../support/command.ts';
import { type GuardedSystem, startGuardedSystem } from '../support/guarded-system.ts';
import { becomes, stateOf } from '../support/tills.ts';

const root = mkdtempSync(join(tmpdir(), 'tillcast-identity-'));
let system: GuardedSystem;

beforeAll(async () => {
  system = await startGuardedSystem({ environment: { TILLCAST_TOKEN_LIFETIME_S: '5' } });
}, 120_000);

afterAll(async () => {
  await system[Symbol.asyncDispose]();
  rmSync(root, { recursive: true, force: true });
});

function backendUrl(): string {
  return system.backends[0]?.url ?? '';
}

async function countsOf(till: RunningTerminal): Promise<Record<string, number>> {
  const answer = await fetch(`${till.url}/api/health`);
  return ((await answer.json()) as { counts: Record<string, number> }).counts;
}

/** How long changes are sent over a connection whose tokens live 5 s; longer by hand. */
const STREAM_S = Number(process.env['TILLCAST_TEST_STREAM_S'] ?? 20);
const CHANGES_PER_S = 50;

test(
  `[G24] with tokens of 5 s, ${STREAM_S} s of changes reach the till over one connection, and none is missing`,
  async () => {
    const license = await system.createLicense('EXTRO-LIFE-STREAM1');
    const folder = tillFolder(join(root, 'stream'));
    await folder.activate(license, backendUrl());
    const till = await folder.start();
    try {
      await becomes(async () => expect(await stateOf(till)).toMatchObject({ status: 'live' }));
      const before = await countsOf(till);
      const sent = STREAM_S * CHANGES_PER_S;
      const startedAtMs = performance.now();
      for (let index = 0; index < sent; index += 1) {
        const waitMs = startedAtMs + (index * 1_000) / CHANGES_PER_S - performance.now();
        if (waitMs > 0) await new Promise((resolve) => setTimeout(resolve, waitMs));
        await system.commit(license.key);
      }
      await becomes(async () => expect(await stateOf(till)).toMatchObject({ status: 'live', version: sent }));
      const after = await countsOf(till);
      const grown = (name: string): number => (after[name] ?? 0) - (before[name] ?? 0);
      expect(grown('login_renewed')).toBeGreaterThanOrEqual(STREAM_S / 5);
      expect(grown('message_received')).toBe(sent);
      expect(grown('applied')).toBe(sent);
      for (const name of ['attached', 'detached', 'delta', 'snapshot', 'gap'])
        expect(grown(name), name).toBe(0);
    } finally {
      await till.stop();
    }
  },
  STREAM_S * 1_000 + 60_000,
);

test('[G25] a till that is revoked in mid-stream says why, shows nothing more, and leaves the broker alone', async () => {
  const license = await system.createLicense('EXTRO-LIFE-REVOKE');
  const folder = tillFolder(join(root, 'revoked'));
  await folder.activate(license, backendUrl());
  const till = await folder.start();
  try {
    await becomes(async () => expect(await stateOf(till)).toMatchObject({ status: 'live' }));
    await system.commit(license.key);
    await becomes(async () => expect(await stateOf(till)).toMatchObject({ status: 'live', version: 1 }));
    await system.admin(ADMIN_PATHS.revokeTerminal(till.terminalId));
    await becomes(async () =>
      expect(await stateOf(till)).toMatchObject({
        status: 'needs_attention',
        reason: 'This till was shut out by the operator. Call your supplier, who can activate it again.',
        broker_attached: false,
      }),
    );
    await system.commit(license.key);
    // Longer than it takes to come back from a connection that was only lost.
    await new Promise((resolve) => setTimeout(resolve, 6_000));
    expect(await stateOf(till)).toMatchObject({ status: 'needs_attention', version: 1 });
    expect((await countsOf(till))['attached']).toBe(1);
    const { management, name } = system.virtualHost;
    const connections = await management.listConnections(name);
    expect(connections.filter(({ clientName }) => clientName?.includes(till.terminalId) === true)).toEqual(
      [],
    );
  } finally {
    await till.stop();
  }
}, 90_000);

test('[G25] a till that is given no token any more leaves the broker by itself, where nothing else closes its connection', async () => {
  await using lax = await startGuardedSystem({
    environment: { TILLCAST_TOKEN_LIFETIME_S: '5', RABBITMQ_MANAGEMENT_URL: '' },
  });
  const license = await lax.createLicense('EXTRO-LIFE-LAXLAX');
  const folder = tillFolder(join(root, 'lax'));
  await folder.activate(license, lax.backends[0]?.url ?? '');
  const till = await folder.start();
  const connections = async (): Promise<number> => {
    const { management, name } = lax.virtualHost;
    const all = await management.listConnections(name);
    return all.filter(({ clientName }) => clientName?.includes(till.terminalId) === true).length;
  };
  try {
    await becomes(async () => expect(await stateOf(till)).toMatchObject({ status: 'live' }));
    await becomes(async () => expect(await connections()).toBe(1));
    await lax.admin(ADMIN_PATHS.revokeTerminal(till.terminalId));
    await becomes(async () => expect(await stateOf(till)).toMatchObject({ broker_attached: false }));
    await becomes(async () => expect(await connections()).toBe(0));
  } finally {
    await till.stop();
  }
}, 120_000);

test('[G25] a till whose license is suspended says so, and goes on by itself when it is resumed', async () => {
  const license = await system.createLicense('EXTRO-LIFE-SUSPEND');
  const folder = tillFolder(join(root, 'suspended'));
  await folder.activate(license, backendUrl());
  const till = await folder.start();
  try {
    await becomes(async () => expect(await stateOf(till)).toMatchObject({ status: 'live' }));
    await system.admin(ADMIN_PATHS.suspend(license.key));
    await becomes(async () =>
      expect(await stateOf(till)).toMatchObject({
        status: 'needs_attention',
        reason: 'The license is suspended. Call your supplier.',
        broker_attached: false,
      }),
    );
    await system.admin(ADMIN_PATHS.resume(license.key));
    await system.commit(license.key);
    await vi.waitFor(async () => expect(await stateOf(till)).toMatchObject({ status: 'live', version: 3 }), {
      timeout: 60_000,
      interval: 250,
    });
  } finally {
    await till.stop();
  }
}, 120_000);

test('[G22] [G28] the commands activate, show and reset a till, and the code stands in no output, log or file', async () => {
  const license = await system.createLicense('EXTRO-LIFE-SHELL01');
  const home = join(root, 'shell');
  const env = {
    TILLCAST_DATA_DIR: join(home, 'till'),
    XDG_CONFIG_HOME: join(home, 'settings'),
    TILLCAST_KEY_STORE: 'file',
    LOG_LEVEL: 'trace',
  };
  const run = (argv: readonly string[], more: Partial<RunOptions> = {}): Promise<CliOutcome> =>
    runCommand(argv, { env, cwd: root, ...more });
  const outcomes: CliOutcome[] = [];

  const activate = ['terminal', 'activate', '--license', license.key, '--backend', backendUrl()];
  const wrong = await run(activate, { input: '00000-00000-00000-00000-00000-0\n' });
  expect(wrong).toMatchObject({ code: 4, out: '' });
  // As people type it.
  const typed = license.activationCode.toLowerCase().replaceAll('-', ' ');
  const done = await run([...activate, '--name', 'Counter 7', '--json'], { input: `${typed}\n` });
  expect(done.code, done.err).toBe(0);
  expect(JSON.parse(done.out)).toMatchObject({
    license_key: license.key,
    name: 'Counter 7',
    key_store: 'file',
  });

  const again = await run(activate, { input: `${license.activationCode}\n` });
  expect(again.code).toBe(5);
  expect(again.err).toContain('tillcast terminal reset');

  const status = await run(['terminal', 'status', '--json']);
  expect(status.code).toBe(0);
  expect(JSON.parse(status.out)).toMatchObject({ activated: true, token: true, code: null });

  const token = await run(['terminal', 'token', '--json']);
  const given = JSON.parse(token.out) as {
    access_token: string;
    scopes: string[];
    broker: { urls: string[] };
  };
  expect(given.scopes).toContain(`read:*/pos_license_events/license.${license.key}.*`);
  expect(given.broker.urls[0]).toMatch(/^amqp:\/\/127\.0\.0\.1/);
  expect(token.err).not.toContain(given.access_token);

  // A day off.
  const ahead = 'const now = Date.now; Date.now = () => now() + 864e5;';
  const off = await run(['terminal', 'status', '--json'], {
    env: { ...env, NODE_OPTIONS: `--import=data:text/javascript,${encodeURIComponent(ahead)}` },
  });
  expect(JSON.parse(off.out)).toMatchObject({ token: true });

  const unsure = await run(['terminal', 'reset']);
  expect(unsure.code).toBe(2);
  expect((await run(['terminal', 'reset', '--yes'])).code).toBe(0);
  const none = await run(['terminal', 'status', '--json']);
  expect(none.code).toBe(4);
  expect(JSON.parse(none.out)).toMatchObject({ activated: false, code: 'terminal_not_activated' });

  outcomes.push(wrong, done, again, status, token, off, unsure, none);
  const secrets = [license.activationCode, typed, license.activationCode.slice(0, 11)];
  const written = readdirSync(home, { recursive: true, withFileTypes: true })
    .filter((entry) => entry.isFile())
    .map((entry) => readFileSync(join(entry.parentPath, entry.name), 'latin1'));
  for (const secret of secrets) {
    for (const { out, err } of outcomes) expect(out + err).not.toContain(secret);
    for (const text of written) expect(text).not.toContain(secret);
  }
}, 120_000);

test('[G22] a code is taken from a file or the environment, and no option takes one', async () => {
  const license = await system.createLicense('EXTRO-LIFE-SHELL02');
  const activate = ['terminal', 'activate', '--license', license.key, '--backend', backendUrl()];
  const envOf = (name: string): Record<string, string> => ({
    TILLCAST_DATA_DIR: join(root, name, 'till'),
    XDG_CONFIG_HOME: join(root, name, 'settings'),
    TILLCAST_KEY_STORE: 'file',
  });
  const file = join(root, 'code');
  writeFileSync(file, `${license.activationCode}\n`, { mode: 0o600 });
  const byFile = { ...envOf('by-file'), TILLCAST_ACTIVATION_CODE_FILE: file };
  const byVariable = { ...envOf('by-variable'), TILLCAST_ACTIVATION_CODE: license.activationCode };
  expect(await runCommand(activate, { env: byFile, cwd: root })).toMatchObject({ code: 0 });
  expect(await runCommand(activate, { env: byVariable, cwd: root })).toMatchObject({ code: 0 });
  const argued = await runCommand([...activate, '--code', license.activationCode], {
    env: envOf('argued'),
    cwd: root,
  });
  expect(argued.code).toBe(2);
  const bare = await runCommand([...activate, license.activationCode], { env: envOf('bare'), cwd: root });
  expect(bare.code).toBe(2);
  expect(argued.err + bare.err).not.toContain(license.activationCode);
}, 60_000);
