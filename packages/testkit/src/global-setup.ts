import { randomBytes } from 'node:crypto';
import type { TestProject } from 'vitest/node';
import { makeEmbeddedTemplate } from './embedded-template.ts';
import { findLeftovers, type LeftoverProcess, RUN_MARK } from './leftovers.ts';
import { startPrivatePostgres } from './postgres.ts';
import { startTemporaryRabbitmq } from './rabbitmq.ts';
import { openSharedServers } from './shared-servers.ts';

declare module 'vitest' {
  export interface ProvidedContext {
    /** The desk of the run's shared servers; see shared-servers.ts. */
    readonly sharedServersUrl: string;
  }
}

/** Vitest runs this once around all test files. */
export default async function setUp(project: TestProject): Promise<() => Promise<void>> {
  const mark = randomBytes(6).toString('hex');
  process.env[RUN_MARK] = mark;
  const servers = await openSharedServers({
    rabbitmq: { start: () => startTemporaryRabbitmq(mark) },
    postgres: {
      start: async () => {
        const postgres = await startPrivatePostgres();
        return { address: postgres.url, stop: postgres.stop };
      },
    },
    embedded: { start: makeEmbeddedTemplate },
  });
  project.provide('sharedServersUrl', servers.url);
  return async () => {
    await servers.stop();
    refuseLeftovers(mark);
  };
}

/** What a test starts it must stop: a process that stays behind fails the run, and is ended. */
function refuseLeftovers(mark: string): void {
  const leftovers = findLeftovers(mark, isVitest);
  if (leftovers.length === 0) return;
  for (const { pid } of leftovers) {
    try {
      process.kill(pid, 'SIGKILL');
    } catch (error) {
      if (!(error instanceof Error && 'code' in error && error.code === 'ESRCH')) throw error;
    }
  }
  const list = leftovers.map(({ pid, command }) => `  ${pid} ${command.slice(0, 200)}`).join('\n');
  throw new Error(`The tests left processes behind (ended now):\n${list}`);
}

function isVitest(found: LeftoverProcess): boolean {
  return /vitest|esbuild/.test(found.command);
}
