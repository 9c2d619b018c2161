import { join } from 'node:path';
import { ensureDependencies } from './setup/dependencies.mjs';
import { chromiumPackage, postgresPackage, rabbitMqPackage } from './setup/known-packages.mjs';
import { ensureNode } from './setup/node.mjs';
import { runChild } from './setup/run-child.mjs';
import { exitWith } from './setup/setup-error.mjs';
import { ensureSystemPackages } from './setup/system-packages.mjs';
import { ensureTillPage } from './setup/till-page.mjs';
import { root, toolEnvironment } from './setup/toolchain.mjs';

// `npm run bench -- [--quick] [B1 …]`: measures against real servers of its own.
await exitWith(async () => {
  const node = await ensureNode();
  await ensureDependencies(node);
  await ensureSystemPackages([rabbitMqPackage, postgresPackage, chromiumPackage], 'The benchmarks need');
  await ensureTillPage(node);
  const program = join(root, 'bench', 'run.ts');
  return runChild(node, [program, ...process.argv.slice(2)], { cwd: root, env: toolEnvironment(node) });
});
