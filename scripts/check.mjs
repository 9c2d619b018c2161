import { check } from './setup/checks.mjs';
import { ensureDependencies } from './setup/dependencies.mjs';
import { ensureNode } from './setup/node.mjs';
import { exitWith } from './setup/setup-error.mjs';

// `npm run check`: format, lint, types.
await exitWith(async () => {
  const node = await ensureNode();
  await ensureDependencies(node);
  return (await check(node)) ? 0 : 1;
});
