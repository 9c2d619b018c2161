import { rabbitMqPackage } from './known-packages.mjs';
import { runCommand } from './run-command.mjs';
import { SetupError } from './setup-error.mjs';
import { canInstall, ensureSystemPackages, howToInstall } from './system-packages.mjs';

/**
 * Finds the RabbitMQ that the demo is to use: the one that AMQP_URL or RABBITMQ_HOST names, else an
 * installed server, else the package as root on Debian and its children, else Docker.
 * @returns {Promise<Record<string, string>>} environment variables for the command that starts it
 */
export async function ensureRabbitMq() {
  if (process.env['AMQP_URL'] || process.env['RABBITMQ_HOST'] || process.env['TILLCAST_RABBITMQ']) return {};
  if (rabbitMqPackage.isThere()) return {};
  if (canInstall()) {
    await ensureSystemPackages([rabbitMqPackage], 'Tillcast runs on');
    return {};
  }
  const docker = await runCommand('docker', ['info'], { timeoutMs: 20_000 });
  if (docker.code === 0) {
    process.stderr.write('RabbitMQ is not installed, but Docker is: it runs in a container.\n');
    return { TILLCAST_RABBITMQ: 'docker' };
  }
  throw new SetupError(
    `${howToInstall([rabbitMqPackage], 'Tillcast runs on')}\n` +
      'Or start Docker, or name a RabbitMQ that runs already:\n' +
      '  AMQP_URL=amqp://user:password@host:5672 npm start',
  );
}
