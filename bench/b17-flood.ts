import { type ChildProcess, fork } from 'node:child_process';
import { once } from 'node:events';
import { setTimeout as pause } from 'node:timers/promises';
import { ADMIN_PATHS } from '@tillcast/protocol/http/admin-api';
import { LICENSE_KEY_HEADER, SYNC_PATHS } from '@tillcast/protocol/http/sync-api';
import type { Benchmark } from './lib/benchmark.ts';
import { forkBenchBackend } from './lib/forked-backend.ts';
import { compare, quantileOf, timed } from './lib/measure.ts';

const LOUD = 'BENCH-FLOOD-LOUD';
const QUIET = 'BENCH-FLOOD-QUIET';
const LICENSES = [
  [LOUD, 10],
  // It asks 200 times a second, which ten tills may not.
  [QUIET, 300],
] as const;
/** What the flood asks a second: twelve times what its license may. */
const FLOOD_RATE = 500;
const PACE_MS = 5;

/**
 * B17: how long a till waits for its answer (p99) while another license floods the backend, against the same
 * till when all is quiet.
 *
 * Traps: the flood is a process of its own, and so is the backend; on two cores they still take each other's
 * time, so some of the ratio is the flood's own cost. A p99 of few answers is one slow answer: what counts is
 * the median over the rounds, and it says little on a machine that does other things.
 */
export const b17: Benchmark = {
  id: 'B17',
  title: 'one license’s flood, and the others',
  run: async (context) => {
    await using backend = await forkBenchBackend(context);
    for (const [key, terminals_max] of LICENSES) {
      await backend.admin(ADMIN_PATHS.licenses, { key, terminals_max });
    }
    const port = Number(new URL(backend.url).port);
    const asks = context.quick ? 200 : 600;
    return [
      await compare({
        id: 'B17',
        what: `p99 of ${asks} answers, another license asking ${FLOOD_RATE} times a second / quiet`,
        product: async () => {
          const flood = await startFlood(port);
          try {
            return await p99(port, asks);
          } finally {
            await end(flood);
          }
        },
        floor: () => p99(port, asks),
        rounds: context.quick ? 5 : 9,
        maxRatio: 1.1,
      }),
    ];
  },
};

async function p99(port: number, asks: number): Promise<number> {
  const waits: number[] = [];
  for (let count = 0; count < asks; count += 1) {
    waits.push(
      await timed(async () => {
        const answer = await fetch(`http://127.0.0.1:${port}${SYNC_PATHS.version}`, {
          headers: { [LICENSE_KEY_HEADER]: QUIET },
        });
        await answer.arrayBuffer();
        if (answer.status !== 200) throw new Error(`The quiet license was refused: ${answer.status}`);
      }),
    );
    await pause(PACE_MS);
  }
  return quantileOf(
    waits.toSorted((a, b) => a - b),
    0.99,
  );
}

/** Resolves once the flood has used up what its license may. */
async function startFlood(port: number): Promise<ChildProcess> {
  const program = new URL('./lib/flood-process.ts', import.meta.url);
  const flood = fork(program, [String(port), LOUD, String(FLOOD_RATE)], { execArgv: [] });
  await Promise.race([once(flood, 'message'), once(flood, 'exit')]);
  return flood;
}

async function end(child: ChildProcess): Promise<void> {
  const ended = once(child, 'exit');
  if (child.connected) child.disconnect();
  await ended;
}
