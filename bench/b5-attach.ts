import { setTimeout as pause } from 'node:timers/promises';
import { bindingsOf } from '@tillcast/protocol/routing';
import { connect, credentials } from 'amqplib';
import type { BenchContext, Benchmark } from './lib/benchmark.ts';
import { compare, type Result } from './lib/measure.ts';
import { inParallel } from './lib/parallel.ts';
import { type SecuredSystem, startSecuredSystem } from './lib/secured-system.ts';
import { attachTill, makeTills, type Till, tokenOf } from './lib/token-till.ts';

const AT_ONCE = 50;
const LICENSES = 50;

/**
 * B5: tills that attach, each of them with a token of its own: assertion, token, connection, queue, two
 * bindings, consuming, and the first proof of version; against raw AMQP connections that do the same at the
 * broker with a password, and nothing else.
 * B7: what the broker's memory grows by meanwhile.
 *
 * Traps: tills, backend and floor share one process and two cores with the broker, and the backend's work is
 * part of the product's time; fifty attach at once, as a storm would; leaving is not part of the time.
 */
export const b5: Benchmark = {
  id: 'B5',
  title: 'attach with a token, and the broker’s memory',
  run: async (context) => {
    await using system = await startSecuredSystem(context);
    const tills = await makeTills(system, { count: context.quick ? 100 : 1_000, licenses: LICENSES });
    return [
      await attach(context, system, tills),
      await brokerShare(context, system, tills),
      await memory(context, system, tills),
    ];
  },
};

function attach(context: BenchContext, system: SecuredSystem, tills: readonly Till[]): Promise<Result> {
  return compare({
    id: 'B5',
    what: `${tills.length} tills attach with tokens / raw connect, declare, bind, consume with a password`,
    product: async () => (await attached(tills, (till) => attachTill(system, till))).ms,
    floor: async () => (await attached(tills, () => attachRaw(system))).ms,
    rounds: context.quick ? 3 : 5,
    maxRatio: 1.25,
    operations: tills.length,
  });
}

/** What of it is RabbitMQ's own: the raw thing with a token, got before, against the raw thing with a password. */
async function brokerShare(
  context: BenchContext,
  system: SecuredSystem,
  tills: readonly Till[],
): Promise<Result> {
  const tokens = new Map(
    await inParallel(AT_ONCE, tills, async (till) => [till, await tokenOf(system, till)] as const),
  );
  const login = (till: Till): Login => ({
    user: till.terminalId,
    password: tokens.get(till) ?? '',
    queue: `terminal.${till.terminalId}.${crypto.randomUUID()}`,
    bindings: bindingsOf(till.licenseKey),
  });
  return compare({
    id: 'B5',
    what: `${tills.length} raw connections, each with a token that it has / with a password`,
    product: async () => (await attached(tills, (till) => attachRaw(system, login(till)))).ms,
    floor: async () => (await attached(tills, () => attachRaw(system))).ms,
    rounds: context.quick ? 3 : 5,
    maxRatio: 1.25,
    operations: tills.length,
  });
}

/** The bytes that each attached till costs the broker, as if they were milliseconds. */
function memory(context: BenchContext, system: SecuredSystem, tills: readonly Till[]): Promise<Result> {
  const perTill = async (attachOne: (till: Till) => Promise<() => Promise<void>>): Promise<number> => {
    const before = await system.brokerMemoryBytes();
    const { held } = await attached(tills, attachOne, async () => {
      await pause(3_000);
      return system.brokerMemoryBytes();
    });
    return (held - before) / tills.length;
  };
  return compare({
    id: 'B7',
    what: `the broker's bytes per till, ${tills.length} attached with tokens / raw connections with a password`,
    product: () => perTill((till) => attachTill(system, till)),
    floor: () => perTill(() => attachRaw(system)),
    rounds: context.quick ? 1 : 3,
    maxRatio: 1.1,
  });
}

/** Attaches all, fifty at a time, looks, and lets them go. */
async function attached(
  tills: readonly Till[],
  attachOne: (till: Till) => Promise<() => Promise<void>>,
  look: () => Promise<number> = () => Promise.resolve(0),
): Promise<{ readonly ms: number; readonly held: number }> {
  const startedAt = performance.now();
  const leave = await inParallel(AT_ONCE, tills, attachOne);
  const ms = performance.now() - startedAt;
  const held = await look();
  await inParallel(AT_ONCE, leave, (each) => each());
  // The broker clears away what a connection left after it has said goodbye.
  await pause(1_000);
  return { ms, held };
}

interface Login {
  readonly user: string;
  readonly password: string;
  readonly queue: string;
  readonly bindings: readonly string[];
}

/** @param login left out: a password, and names of its own */
async function attachRaw(system: SecuredSystem, login?: Login): Promise<() => Promise<void>> {
  const connection = await connect(
    `${login === undefined ? system.rawAmqpUrl : system.amqpUrl}?heartbeat=10`,
    {
      noDelay: true,
      ...(login === undefined ? {} : { credentials: credentials.plain(login.user, login.password) }),
    },
  );
  const channel = await connection.createChannel();
  const { queue } = await channel.assertQueue(login?.queue ?? `raw.${crypto.randomUUID()}`, {
    exclusive: true,
    autoDelete: true,
    durable: false,
  });
  for (const binding of login?.bindings ?? ['raw.one.#', 'raw.two.#'])
    await channel.bindQueue(queue, 'pos_license_events', binding);
  await channel.prefetch(100);
  await channel.consume(queue, () => undefined);
  return () => connection.close();
}
