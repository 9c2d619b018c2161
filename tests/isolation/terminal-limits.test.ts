import { TERMINAL_LIMITS } from '@tillcast/broker';
import { ADMIN_PATHS } from '@tillcast/protocol/http/admin-api';
import { type ChannelModel, connect } from 'amqplib';
import { expect, onTestFinished, test, vi } from 'vitest';
import { type GuardedSystem, startGuardedSystem } from '../support/guarded-system.ts';
import type { RawTill } from '../support/raw-till.ts';

let licenses = 0;
/** A license key that no other test has. */
function newKey(): string {
  licenses += 1;
  return `LIMITS-LIFE-${process.pid}X${licenses}`;
}

function soon<T>(check: () => T | Promise<T>): Promise<T> {
  return vi.waitFor(check, { timeout: 60_000, interval: 100 });
}

async function system(): Promise<GuardedSystem> {
  const started = await startGuardedSystem();
  onTestFinished(() => started[Symbol.asyncDispose]());
  return started;
}

/** The limits that the broker holds of a terminal; null where it knows nothing of it. */
async function limitsOf(on: GuardedSystem, till: RawTill): Promise<Readonly<Record<string, number>> | null> {
  const users = await on.virtualHost.management.listUserLimits();
  return users.find(({ name }) => name === till.terminalId)?.limits ?? null;
}

async function open(url: string): Promise<ChannelModel> {
  const model = await connect(url);
  model.on('error', () => undefined);
  onTestFinished(async () => {
    // The broker may have closed it.
    await model.close().catch(() => undefined);
  });
  return model;
}

test('[B24] a terminal may have three connections and eight channels, whatever token it brings', async () => {
  const on = await system();
  const till = await on.activate(await on.createLicense(newKey()));
  await soon(async () => expect(await limitsOf(on, till)).toEqual(TERMINAL_LIMITS));
  const models: ChannelModel[] = [];
  for (let each = 0; each < TERMINAL_LIMITS['max-connections']; each += 1)
    models.push(await open(await on.brokerUrl(till)));
  await expect(open(await on.brokerUrl(till))).rejects.toThrow('got <ConnectionClose');
  const refused = async (): Promise<void> => {
    for (let each = 0; each <= TERMINAL_LIMITS['max-channels']; each += 1) {
      const channel = await models[each % models.length]?.createChannel();
      channel?.on('error', () => undefined);
    }
  };
  await expect(refused()).rejects.toThrow('Channel ended');
});

test('[B24] a terminal’s limits are nothing while it is shut out, what they were when it is let in, and forgotten with it', async () => {
  const on = await system();
  const license = await on.createLicense(newKey());
  const till = await on.activate(license);
  const idle = await on.activate(license);
  await till.token();
  for (const each of [till, idle])
    await soon(async () => expect(await limitsOf(on, each)).toEqual(TERMINAL_LIMITS));
  await on.admin(ADMIN_PATHS.suspend(license.key));
  await soon(async () =>
    expect(await limitsOf(on, till)).toEqual({ 'max-connections': 0, 'max-channels': 0 }),
  );
  await on.admin(ADMIN_PATHS.resume(license.key));
  await soon(async () => expect(await limitsOf(on, till)).toEqual(TERMINAL_LIMITS));
  // One that no token is left of is forgotten at once.
  await on.admin(ADMIN_PATHS.revokeTerminal(idle.terminalId));
  await soon(async () => expect(await limitsOf(on, idle)).toBeNull());
});
