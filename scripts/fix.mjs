import { ensureDependencies } from './setup/dependencies.mjs';
import { ensureNode } from './setup/node.mjs';
import { runChild } from './setup/run-child.mjs';
import { exitWith } from './setup/setup-error.mjs';
import { root, toolEnvironment } from './setup/toolchain.mjs';

// `npm run fix`: whatever the linter and the formatter can put right by themselves.
await exitWith(async () => {
  const node = await ensureNode();
  await ensureDependencies(node);
  const options = { cwd: root, env: toolEnvironment(node) };
  const lint = await runChild('oxlint', ['--fix'], options);
  const format = await runChild('biome', ['check', '--fix', '.'], options);
  return lint || format;
});
