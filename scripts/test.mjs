import { existsSync, mkdirSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { check } from './setup/checks.mjs';
import { clusterTable } from './setup/cluster-table.mjs';
import { ensureDependencies } from './setup/dependencies.mjs';
import {
  chromiumPackage,
  haproxyPackage,
  pikaPackage,
  postgresPackage,
  rabbitMqPackage,
} from './setup/known-packages.mjs';
import { ensureNode } from './setup/node.mjs';
import { runChild } from './setup/run-child.mjs';
import { exitWith } from './setup/setup-error.mjs';
import { ensureSystemPackages } from './setup/system-packages.mjs';
import { summarize } from './setup/test-summary.mjs';
import { ensureTillPage } from './setup/till-page.mjs';
import { root, toolEnvironment } from './setup/toolchain.mjs';

const results = join(root, 'test-results');
const vitestResult = join(results, 'vitest.json');
/** Sets of tests that run apart. */
const SETS = ['slow', 'failure', 'cluster'];

// `npm test`: sets up what is missing, checks the code, then runs the tests but those that take long, which
// `npm run test:slow` runs, and of the failures those that are quick: `npm run test:failure` runs all of them, and
// `npm run test:cluster` those of the deployment of several machines. With arguments, which are vitest's (a part of a file's name, -t and a title, …), it
// runs those tests alone, be they slow or not.
await exitWith(async () => {
  rmSync(results, { recursive: true, force: true });
  mkdirSync(results, { recursive: true });
  const apart = SETS.find((name) => process.argv.includes(`--${name}`));
  const filters = process.argv.slice(2).filter((word) => word !== `--${apart}`);
  const node = await ensureNode();
  await ensureDependencies(node);
  await ensureSystemPackages(
    [rabbitMqPackage, postgresPackage, chromiumPackage, pikaPackage, haproxyPackage],
    'The tests need',
  );
  await ensureTillPage(node);
  const checkFailed = filters.length === 0 && apart === undefined && !(await check(node));
  const set = apart ?? (filters.length === 0 ? 'quick' : 'all');
  const vitest = join(root, 'node_modules', 'vitest', 'vitest.mjs');
  const exitCode = await runChild(node, [vitest, 'run', ...filters], {
    cwd: root,
    env: { ...toolEnvironment(node), TILLCAST_TEST_SET: set },
  });
  if (set === 'cluster') process.stdout.write(`\n${clusterTable(join(results, 'cluster'))}\n`);
  const report = existsSync(vitestResult) ? JSON.parse(readFileSync(vitestResult, 'utf8')) : undefined;
  const summary = summarize(report, { exitCode, checkFailed });
  writeFileSync(join(results, 'summary.txt'), `${summary.line}\n`);
  for (const note of summary.notes) process.stderr.write(`${note}\n`);
  return summary.failed === 0 && summary.passed > 0 ? 0 : exitCode || 1;
});
