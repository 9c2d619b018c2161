import { expect, test } from 'vitest';
import { DOCKER_IMAGE, dockerRunArguments } from '../src/private-node/docker-node.ts';
import { enabledPlugins, nodeConfig } from '../src/private-node/node-config.ts';

test('a container publishes its ports on the loopback only, takes its configuration read-only, and goes when it stops', () => {
  const args = dockerRunArguments({
    dataDir: '/data/broker',
    amqpPort: 21_000,
    managementPort: 21_001,
    image: DOCKER_IMAGE,
    containerName: 'tillcast-rabbitmq-1',
  });
  expect(args).toEqual([
    ...['run', '--rm', '--detach', '--name', 'tillcast-rabbitmq-1', '--hostname', 'tillcast-rabbitmq-1'],
    ...['--publish', '127.0.0.1:21000:5672', '--publish', '127.0.0.1:21001:15672'],
    ...['--volume', '/data/broker/rabbitmq.conf:/etc/rabbitmq/rabbitmq.conf:ro'],
    ...['--volume', '/data/broker/enabled_plugins:/etc/rabbitmq/enabled_plugins:ro'],
    'rabbitmq:4-management',
  ]);
});

test('a further line of the configuration goes before our own of the same name', () => {
  const options = {
    listenAddress: '127.0.0.1',
    amqpPort: 1,
    managementPort: 2,
    username: 'u',
    password: 'p',
  };
  const lines = nodeConfig({
    ...options,
    extra: ['heartbeat = 3', 'auth_backends.1 = rabbit_auth_backend_oauth2'],
  }).split('\n');
  expect(lines.filter((line) => line.startsWith('heartbeat'))).toEqual(['heartbeat = 3']);
  expect(lines).toContain('auth_backends.1 = rabbit_auth_backend_oauth2');
});

test('the management plugin is always enabled, and each plugin once', () => {
  expect(enabledPlugins(['rabbitmq_auth_backend_oauth2', 'rabbitmq_management'])).toBe(
    '[rabbitmq_management,rabbitmq_auth_backend_oauth2].\n',
  );
});
