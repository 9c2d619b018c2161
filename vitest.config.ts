import { availableParallelism } from 'node:os';
import { configDefaults, defineConfig, type ViteUserConfig } from 'vitest/config';

/** Which tests run: those that take long are in `*.slow.test.ts`, failures apart; `all` where files are named. */
const set = process.env['TILLCAST_TEST_SET'] ?? 'all';

const ALL = ['packages/*/test/**/*.test.{ts,tsx}', 'tests/**/*.test.ts', 'scripts/test/**/*.test.ts'];
const SLOW = '**/*.slow.test.ts';
const FAILURES = 'tests/failure/**/*.test.ts';
const CLUSTER = 'tests/cluster/**/*.test.ts';

const INCLUDED: Readonly<Record<string, readonly string[]>> = {
  slow: [SLOW],
  failure: [FAILURES],
  cluster: [CLUSTER],
};
const EXCLUDED: Readonly<Record<string, readonly string[]>> = {
  quick: [SLOW],
  slow: [FAILURES, CLUSTER],
};

const config: ViteUserConfig = defineConfig({
  test: {
    include: [...(INCLUDED[set] ?? ALL)],
    exclude: [...configDefaults.exclude, ...(EXCLUDED[set] ?? [])],
    // Each failure has the machine to itself, since its criteria are bounds of time.
    fileParallelism: set !== 'failure' && set !== 'cluster',
    globalSetup: ['packages/testkit/src/global-setup.ts'],
    pool: 'forks',
    // Beside each worker there are RabbitMQ, PostgreSQL and at times Chromium.
    maxWorkers: Math.min(Math.max(availableParallelism(), 2), 4),
    // The machine may be busy: these say "it hangs", not "it is slow".
    testTimeout: 60_000,
    hookTimeout: 120_000,
    teardownTimeout: 60_000,
    reporters: [
      ['default', { summary: false }],
      ['json', { outputFile: 'test-results/vitest.json' }],
    ],
  },
});

export default config;
