import { join } from 'node:path';
import { ensureDependencies } from './setup/dependencies.mjs';
import { ensureNode } from './setup/node.mjs';
import { ensureRabbitMq4 } from './setup/rabbitmq4.mjs';
import { runChild } from './setup/run-child.mjs';
import { exitWith } from './setup/setup-error.mjs';
import { root } from './setup/toolchain.mjs';

/** What is tested on RabbitMQ 4 too: all that speaks with the broker, and everything that isolation rests on. */
const PARTS = ['packages/broker', 'tests/isolation', 'tests/path'];

// `npm run test:rabbitmq4`: the tests against Debian 13's RabbitMQ 4, whatever RabbitMQ the machine has. With
// arguments, which are vitest's, it runs those tests alone.
await exitWith(async () => {
  const node = await ensureNode();
  await ensureDependencies(node);
  const programs = await ensureRabbitMq4();
  const given = process.argv.slice(2);
  const test = join(root, 'scripts', 'test.mjs');
  return runChild(node, [test, ...(given.length > 0 ? given : PARTS)], {
    env: { ...process.env, TILLCAST_RABBITMQ_BIN: programs },
  });
});
