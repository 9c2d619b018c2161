import { setTimeout as pause } from 'node:timers/promises';
import type { BenchContext, Benchmark } from './lib/benchmark.ts';
import { compare, type Result, spreadOf } from './lib/measure.ts';
import { inParallel } from './lib/parallel.ts';
import { attachRaw } from './lib/raw-till.ts';
import { type SecuredSystem, startSecuredSystem } from './lib/secured-system.ts';
import { attachTill, makeTills, type Till } from './lib/token-till.ts';

const AT_ONCE = 50;
const LICENSES = 50;
const CYCLES = 10;
const LEFT_MAX = 1.02;
/** As many as make a node load its code and fill its tables once. */
const WARM_UP = 50;
const SETTLE_MS = 6_000;
const KIB = 1_024;
const BACKEND_KIB_MAX = 2;
const CYCLE_TILLS = 200;

type Attach = (till: Till) => Promise<() => Promise<void>>;

/**
 * B7: what an attached till costs in memory: at the broker (resident), against a raw AMQP connection with a
 * password, a queue and two bindings; at the backend (heap after a collection, and buffers), against 2 KiB; and what
 * ten times coming and going leave at the broker.
 *
 * Traps: a node that has let a thousand connections go gives memory back for minutes, so each round has a node of
 * its own, which a few connections warmed up. The tills share some dozens of sockets to the backend here; a till of
 * its own has one, and what a socket costs is no part of this.
 */
export const b7: Benchmark = {
  id: 'B7',
  title: 'memory of an attached till',
  run: async (context) => [await atBroker(context), await atBackend(context), await afterCycles(context)],
};

function atBroker(context: BenchContext): Promise<Result> {
  const count = countOf(context);
  const perTill = (attachOf: (system: SecuredSystem) => Attach): Promise<number> =>
    onFreshSystem(context, count, async (system, tills) => {
      const look = async (): Promise<number> => (await system.brokerMemory()).residentBytes;
      return (await grownBy(tills, attachOf(system), look)) / count / KIB;
    });
  return compare({
    id: 'B7',
    what: `the broker's memory per till, ${count} attached with tokens / raw connections with a password`,
    product: () => perTill((system) => (till) => attachTill(system, till)),
    floor: () => perTill((system) => () => attachRaw(system)),
    rounds: context.quick ? 1 : 3,
    maxRatio: 1.1,
    unit: 'KiB',
  });
}

function atBackend(context: BenchContext): Promise<Result> {
  const count = countOf(context);
  return compare({
    id: 'B7',
    what: `the backend's memory per till, ${count} that have a token and report / ${BACKEND_KIB_MAX} KiB`,
    product: () =>
      onFreshSystem(context, count, async (system, tills) => {
        const grown = await grownBy(tills, (till) => attachTill(system, till), system.backendHeapBytes);
        return grown / count / KIB;
      }),
    floor: () => Promise.resolve(BACKEND_KIB_MAX),
    rounds: context.quick ? 1 : 3,
    maxRatio: 1,
    unit: 'KiB',
  });
}

/**
 * What Erlang uses after ten times coming and going, against after ten before them: the first ones fill what
 * RabbitMQ fills once, with raw connections too.
 */
async function afterCycles(context: BenchContext): Promise<Result> {
  return onFreshSystem(context, CYCLE_TILLS, async (system, tills) => {
    const cycle = async (): Promise<void> => {
      const leave = await inParallel(AT_ONCE, tills, (till) => attachTill(system, till));
      await inParallel(AT_ONCE, leave, (each) => each());
    };
    const usedKib = async (): Promise<number> => {
      await pause(SETTLE_MS);
      return (await system.brokerMemory()).usedBytes / KIB;
    };
    const cycles = async (): Promise<number> => {
      for (let turn = 0; turn < CYCLES; turn += 1) await cycle();
      return usedKib();
    };
    const before = await cycles();
    const after = await cycles();
    const ratio = after / before;
    return {
      id: 'B7',
      what: `the broker's memory in use after ${CYCLES} times ${CYCLE_TILLS} tills came and went / after ${CYCLES} times before`,
      rounds: 1,
      unit: 'KiB',
      productMs: spreadOf([after]),
      floorMs: spreadOf([before]),
      ratio: spreadOf([ratio]),
      maxRatio: LEFT_MAX,
      met: ratio <= LEFT_MAX,
      operations: null,
    };
  });
}

function countOf({ quick }: BenchContext): number {
  return quick ? 200 : 1_000;
}

async function onFreshSystem<T>(
  context: BenchContext,
  count: number,
  measure: (system: SecuredSystem, tills: readonly Till[]) => Promise<T>,
): Promise<T> {
  await using system = await startSecuredSystem(context);
  return await measure(system, await makeTills(system, { count, licenses: LICENSES }));
}

/** How much more there is with all attached than before. */
async function grownBy(tills: readonly Till[], attach: Attach, look: () => Promise<number>): Promise<number> {
  await letGo(await inParallel(AT_ONCE, tills.slice(0, WARM_UP), attach));
  await pause(SETTLE_MS);
  const before = await look();
  const leave = await inParallel(AT_ONCE, tills, attach);
  await pause(SETTLE_MS);
  const after = await look();
  await letGo(leave);
  return after - before;
}

async function letGo(leave: readonly (() => Promise<void>)[]): Promise<void> {
  await inParallel(AT_ONCE, leave, (each) => each());
}
