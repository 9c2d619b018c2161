import { join } from 'node:path';
import { ensureDependencies } from './setup/dependencies.mjs';
import { ensureNode } from './setup/node.mjs';
import { runChild } from './setup/run-child.mjs';
import { exitWith } from './setup/setup-error.mjs';
import { root, toolEnvironment } from './setup/toolchain.mjs';

// `npm run docs`: writes the documents that are made from code.
await exitWith(async () => {
  const node = await ensureNode();
  await ensureDependencies(node);
  return runChild(node, [join(root, 'scripts', 'docs', 'write-docs.ts')], {
    cwd: root,
    env: toolEnvironment(node),
  });
});
