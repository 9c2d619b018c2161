import { join } from 'node:path';
import { ensureDependencies } from './setup/dependencies.mjs';
import { ensureNode } from './setup/node.mjs';
import { runChild } from './setup/run-child.mjs';
import { exitWith } from './setup/setup-error.mjs';
import { root, toolEnvironment } from './setup/toolchain.mjs';

// `npm run sim -- --seed N | --seeds COUNT --from N`: the whole system in virtual time, with every fault there is.
await exitWith(async () => {
  const node = await ensureNode();
  await ensureDependencies(node);
  const program = join(root, 'packages', 'testkit', 'src', 'simulation', 'main.ts');
  return runChild(node, [program, ...process.argv.slice(2)], { cwd: root, env: toolEnvironment(node) });
});
