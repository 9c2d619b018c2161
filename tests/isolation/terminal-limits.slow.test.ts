import { TERMINAL_LIMITS } from '@tillcast/broker';
import { ADMIN_PATHS } from '@tillcast/protocol/http/admin-api';
import { type ChannelModel, connect } from 'amqplib';
import { expect, onTestFinished, test, vi } from 'vitest';
import { type GuardedSystem, startGuardedSystem } from '../support/guarded-system.ts';
import { listenRaw } from '../support/raw-listener.ts';
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

test('[B25] a terminal that hoards queues is cut off with what it leaves, noted, and let in again; its sister hears nothing of it', async () => {
  const on = await system();
  const license = await on.createLicense(newKey());
  const [hoarder, sister] = [await on.activate(license, 'Hoarder'), await on.activate(license, 'Sister')];
  const listener = await listenRaw(await on.brokerUrl(sister), sister);
  onTestFinished(() => listener[Symbol.asyncDispose]());
  const url = await on.brokerUrl(hoarder);
  const model = await open(url);
  const closed = new Promise<void>((resolve) => model.on('close', resolve));
  const channel = await model.createChannel();
  channel.on('error', () => undefined);
  const own = `terminal.${hoarder.terminalId}`;
  for (let each = 0; each < 20; each += 1) await channel.assertQueue(`${own}.q${each}`, { exclusive: true });
  await channel.assertQueue(`${own}.kept`, { durable: true });
  await channel.assertExchange(`${own}.kept`, 'fanout', { durable: true });

  await closed;
  await expect(open(url)).rejects.toThrow('got <ConnectionClose');
  const { management, name: vhost } = on.virtualHost;
  await soon(async () => {
    const left = [
      ...(await management.listQueueNames(vhost)).map(({ name }) => name),
      ...(await management.listExchangeNames(vhost, '^terminal', 100)),
    ];
    expect(left.filter((name) => name.startsWith(own))).toEqual([]);
  });
  await soon(async () => expect(await on.metric('tillcast_cut_off_terminals_total')).toBe(1));
  expect(listener.isClosed()).toBe(false);
  await soon(() => open(url));
});

test('[B24] limits that the broker has lost are told again', async () => {
  const on = await system();
  const till = await on.activate(await on.createLicense(newKey()));
  await soon(async () => expect(await limitsOf(on, till)).toEqual(TERMINAL_LIMITS));
  await on.virtualHost.management.deleteUser(till.terminalId);
  await soon(async () => expect(await limitsOf(on, till)).toEqual(TERMINAL_LIMITS));
});
