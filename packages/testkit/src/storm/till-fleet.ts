import { type ChildProcess, fork } from 'node:child_process';
import { once } from 'node:events';
import { join } from 'node:path';
import type { z } from 'zod';
import type { EnrolledTill } from './enroll-tills.ts';
import {
  attemptsSchema,
  contentsSchema,
  countsSchema,
  type FleetAddresses,
  type FleetQuestion,
  statesSchema,
  type TillSample,
} from './fleet-messages.ts';

/** Many real tills in a few processes. What is asked is answered for all of them, in the order of the tills. */
export interface TillFleet extends AsyncDisposable {
  readonly tills: readonly EnrolledTill[];
  /** What each till says of itself, between the question and the answer. */
  readonly states: () => Promise<readonly TillSample[]>;
  /** The sum over the rows that each till's file holds. */
  readonly contents: () => Promise<readonly string[]>;
  /** What the tills counted, summed up, by name. */
  readonly counts: () => Promise<Readonly<Record<string, number>>>;
  /** When each till tried to connect to the broker since the last time: milliseconds since 1970. */
  readonly attempts: () => Promise<readonly (readonly number[])[]>;
  readonly pids: readonly number[];
}

const UNKNOWN: TillSample = {
  status: 'offline',
  reason: 'was not asked yet',
  attached: false,
  epoch: null,
  version: null,
  digest: null,
};

/** Opens the tills; resolves when they are on their way, not when they are live. */
export async function startTillFleet(
  options: FleetAddresses & {
    readonly tills: readonly EnrolledTill[];
    readonly processes: number;
    /** Where their files go. */
    readonly folder: string;
  },
): Promise<TillFleet> {
  const { tills, folder, processes, ...addresses } = options;
  const share = Math.ceil(tills.length / processes);
  const parts: Part[] = [];
  for (let from = 0; from < tills.length; from += share) {
    parts.push(new Part(tills.slice(from, from + share)));
  }
  const all = async <T>(ask: (part: Part) => Promise<readonly T[]>): Promise<readonly T[]> =>
    (await Promise.all(parts.map(ask))).flat();
  const close = async (): Promise<void> => {
    await Promise.all(parts.map((part) => part.close()));
  };
  try {
    await Promise.all(parts.map((part) => part.open(addresses, folder)));
  } catch (error) {
    await close();
    throw error;
  }
  return {
    tills,
    states: () => all((part) => part.states()),
    contents: () => all((part) => part.ask({ ask: 'contents' }, contentsSchema)),
    counts: async () => {
      const sums: Record<string, number> = {};
      for (const part of parts) {
        const counts = await part.ask({ ask: 'counts' }, countsSchema);
        for (const [name, count] of Object.entries(counts)) sums[name] = (sums[name] ?? 0) + count;
      }
      return sums;
    },
    attempts: () => all((part) => part.ask({ ask: 'attempts' }, attemptsSchema)),
    pids: parts.map(({ pid }) => pid),
    [Symbol.asyncDispose]: close,
  };
}

/** One process with some of the tills. */
class Part {
  readonly #child: ChildProcess;
  readonly #tills: readonly EnrolledTill[];
  readonly #states: TillSample[];
  readonly #gone: Promise<never>;
  #asking: Promise<unknown> = Promise.resolve();

  constructor(tills: readonly EnrolledTill[]) {
    this.#tills = tills;
    this.#states = tills.map(() => UNKNOWN);
    this.#child = fork(new URL('./fleet-process.ts', import.meta.url), {
      execArgv: [],
      env: { PATH: process.env['PATH'], TILLCAST_TEST_RUN: process.env['TILLCAST_TEST_RUN'] },
    });
    this.#gone = once(this.#child, 'exit').then(() => {
      throw new Error('A process with tills has ended.');
    });
    // Whoever asks is told.
    this.#gone.catch(() => undefined);
  }

  get pid(): number {
    return this.#child.pid ?? 0;
  }

  async open(addresses: FleetAddresses, folder: string): Promise<void> {
    const tills = this.#tills.map((till) => ({ ...till, folder: join(folder, till.terminalId) }));
    await this.#send({ ask: 'open', ...addresses, tills });
  }

  async states(): Promise<readonly TillSample[]> {
    for (const [index, sample] of await this.ask({ ask: 'states' }, statesSchema))
      this.#states[index] = sample;
    return [...this.#states];
  }

  async ask<T>(question: FleetQuestion, schema: z.ZodType<T>): Promise<T> {
    return schema.parse(await this.#send(question));
  }

  async close(): Promise<void> {
    if (!this.#child.connected) return;
    await this.#send({ ask: 'close' });
    const ended = once(this.#child, 'exit');
    this.#child.disconnect();
    await ended;
  }

  /** One question after the other, so that an answer is known by its turn. */
  #send(question: FleetQuestion): Promise<unknown> {
    const asked = this.#asking.then(async () => {
      const { promise, resolve } = Promise.withResolvers<unknown>();
      this.#child.once('message', resolve);
      this.#child.send(question);
      return Promise.race([promise, this.#gone]);
    });
    // Whoever asked has its rejection.
    this.#asking = asked.catch(() => undefined);
    return asked;
  }
}
