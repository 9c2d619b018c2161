import { join } from 'node:path';
import { ensureDependencies } from './setup/dependencies.mjs';
import { ensureNode } from './setup/node.mjs';
import { ensureRabbitMq } from './setup/rabbitmq.mjs';
import { runChild } from './setup/run-child.mjs';
import { exitWith } from './setup/setup-error.mjs';
import { ensureTillPage } from './setup/till-page.mjs';
import { root, toolEnvironment } from './setup/toolchain.mjs';

// `npm start`: sets up what is missing, then runs the demo.
await exitWith(async () => {
  const node = await ensureNode();
  await ensureDependencies(node);
  const rabbitMq = await ensureRabbitMq();
  await ensureTillPage(node);
  const cli = join(root, 'packages', 'cli', 'bin', 'tillcast.mjs');
  return runChild(node, [cli, 'up', ...process.argv.slice(2)], {
    env: { ...toolEnvironment(node), ...rabbitMq },
  });
});
