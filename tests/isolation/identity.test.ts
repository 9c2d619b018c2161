import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { ADMIN_PATHS } from '@tillcast/protocol/http/admin-api';
import type { RunningTerminal } from '@tillcast/terminal';
import { afterAll, beforeAll, expect, test } from 'vitest';
import { tillFolder } from '../support/activated-tills.ts';
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
      const sent = STREAM_S * 20;
      const startedAtMs = performance.now();
      for (let index = 0; index < sent; index += 1) {
        const waitMs = startedAtMs + index * 50 - performance.now();
        if (waitMs > 0) await new Promise((resolve) => setTimeout(resolve, waitMs));
        await system.commit(license.key);
      }
      await becomes(async () => expect(await stateOf(till)).toMatchObject({ status: 'live', version: sent }));
      const after = await countsOf(till);
      console.log(before, after);
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

test('[G25] a till that is revoked in mid-stream says why, and leaves the broker alone', async () => {
  const license = await system.createLicense('EXTRO-LIFE-REVOKE');
  const folder = tillFolder(join(root, 'revoked'));
  await folder.activate(license, backendUrl());
  const till = await folder.start();
  try {
    await becomes(async () => expect(await stateOf(till)).toMatchObject({ status: 'live' }));
    await system.commit(license.key);
    await system.admin(ADMIN_PATHS.revokeTerminal(till.terminalId));
    await becomes(async () =>
      expect(await stateOf(till)).toMatchObject({
        status: 'needs_attention',
        reason: 'This till was shut out by the operator. Call your supplier, who can activate it again.',
        broker_attached: false,
      }),
    );
  } finally {
    await till.stop();
  }
}, 60_000);
