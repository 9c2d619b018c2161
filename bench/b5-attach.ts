import { setTimeout as pause } from 'node:timers/promises';
import { bindingsOf } from '@tillcast/protocol/routing';
import type { BenchContext, Benchmark } from './lib/benchmark.ts';
import { cpuTimeMs } from './lib/cpu-time.ts';
import { compareAll, type Result } from './lib/measure.ts';
import { inParallel } from './lib/parallel.ts';
import { attachRaw, type RawLogin } from './lib/raw-till.ts';
import { type SecuredSystem, startSecuredSystem } from './lib/secured-system.ts';
import { attachTill, makeTills, type Till, tokenOf } from './lib/token-till.ts';

const AT_ONCE = 50;
const LICENSES = 50;

/**
 * B5: tills that attach, each of them with a token of its own: assertion, token, connection, queue, two
 * bindings, consuming, and the first proof of version; against raw AMQP connections that do the same at the
 * broker with a password, and nothing else. What of it is RabbitMQ's own is told by raw connections with a token.
 *
 * Traps: broker, backend, database and all the tills share two cores, so the time of an attach is the CPU time of
 * all of them; a real till pays its own part (its two requests, its signature, its connection) itself. So CPU time
 * is told apart: of the three servers, and of the broker alone. It is also what other work on the machine changes
 * least. Fifty attach at once, as a storm would; leaving is no part of it.
 */
export const b5: Benchmark = {
  id: 'B5',
  title: 'attach with a token',
  run: async (context) => {
    await using system = await startSecuredSystem(context);
    const tills = await makeTills(system, { count: context.quick ? 200 : 1_000, licenses: LICENSES });
    return [...(await attach(context, system, tills)), ...(await brokerShare(context, system, tills))];
  },
};

function attach(
  context: BenchContext,
  system: SecuredSystem,
  tills: readonly Till[],
): Promise<readonly Result[]> {
  const what = `${tills.length} tills attach with tokens / raw connect, declare, bind, consume with a password`;
  return compareAll({
    product: () => attached(system, tills, (till) => attachTill(system, till)),
    floor: () => attached(system, tills, () => attachRaw(system)),
    rounds: context.quick ? 3 : 5,
    rows: [
      { id: 'B5', what, maxRatio: 1.25, operations: tills.length, of: ({ ms }) => ms },
      {
        id: 'B5',
        what: 'the same, in CPU time of broker, backend and database for each',
        unit: 'ms CPU',
        maxRatio: 1.25,
        of: ({ serversMs }) => serversMs / tills.length,
      },
      {
        id: 'B5',
        what: 'the same, in CPU time of the tills for each',
        unit: 'ms CPU',
        maxRatio: 1.25,
        of: ({ tillsMs }) => tillsMs / tills.length,
      },
    ],
  });
}

/** What of it is RabbitMQ's own: the raw thing with a token, got before, against the raw thing with a password. */
async function brokerShare(
  context: BenchContext,
  system: SecuredSystem,
  tills: readonly Till[],
): Promise<readonly Result[]> {
  const tokens = new Map(
    await inParallel(AT_ONCE, tills, async (till) => [till, await tokenOf(system, till)] as const),
  );
  const login = (till: Till): RawLogin => ({
    user: till.terminalId,
    password: tokens.get(till) ?? '',
    queue: `terminal.${till.terminalId}.${crypto.randomUUID()}`,
    bindings: bindingsOf(till.licenseKey),
  });
  const what = `${tills.length} raw connections, each with a token that it has and a till's names / with a password`;
  return compareAll({
    product: () => attached(system, tills, (till) => attachRaw(system, login(till))),
    floor: () => attached(system, tills, () => attachRaw(system)),
    rounds: context.quick ? 3 : 5,
    rows: [
      { id: 'B5', what, maxRatio: 1.25, operations: tills.length, of: ({ ms }) => ms },
      {
        id: 'B5',
        what: 'the same, in CPU time of the broker for each',
        unit: 'ms CPU',
        maxRatio: 1.25,
        of: ({ serversMs }) => serversMs / tills.length,
      },
    ],
  });
}

interface Attached {
  readonly ms: number;
  /** CPU time of broker, backend and database. */
  readonly serversMs: number;
  /** CPU time of this process, which is all the tills. */
  readonly tillsMs: number;
}

/** Attaches all, fifty at a time, and lets them go. */
async function attached(
  { pids }: SecuredSystem,
  tills: readonly Till[],
  attachOne: (till: Till) => Promise<() => Promise<void>>,
): Promise<Attached> {
  const servers = (): number => Object.values(pids).reduce((sum, pid) => sum + cpuTimeMs(pid), 0);
  const serversBefore = servers();
  const own = process.cpuUsage();
  const startedAt = performance.now();
  const leave = await inParallel(AT_ONCE, tills, attachOne);
  const ms = performance.now() - startedAt;
  const { user, system } = process.cpuUsage(own);
  const serversMs = servers() - serversBefore;
  await inParallel(AT_ONCE, leave, (each) => each());
  // The broker clears away what a connection left after it has said goodbye.
  await pause(1_000);
  return { ms, serversMs, tillsMs: (user + system) / 1_000 };
}
