import { type CliCommand, defineCommand } from '../command.ts';
import { parsePort } from '../input/parse.ts';
import { runService } from '../run-service.ts';

type Environment = Readonly<Record<string, string | undefined>>;

export const server: CliCommand = defineCommand<Environment, undefined>({
  description:
    'Run a backend until it is stopped (SIGTERM or Ctrl-C). It is configured by its environment: DATABASE_URL, AMQP_URL, AMQP_CA_FILE, RABBITMQ_MANAGEMENT_URL, PORT, HOST, TLS_CERT_FILE, TLS_KEY_FILE, TILLCAST_PUBLIC_URL, TILLCAST_TERMINAL_AMQP_URLS, TILLCAST_SECRET_KEY, TILLCAST_AUTH, TILLCAST_DATA_DIR, TILLCAST_API_KEY, VALID_LICENSE_KEY, LOG_LEVEL; deploy/.env.multitenant explains all of them. It logs JSON lines to stdout.',
  examples: [
    'AMQP_URL=amqp://guest:guest@localhost tillcast server',
    'HOST=0.0.0.0 TLS_CERT_FILE=backend.pem TLS_KEY_FILE=backend.key.pem AMQP_URL_FILE=amqp-url AMQP_CA_FILE=ca.pem tillcast server',
  ],
  flags: [
    { flags: '--port <number>', description: 'Where it listens', fallback: 'PORT, else 8080' },
    {
      flags: '--data-dir <path>',
      description: 'Where the embedded database is',
      fallback: 'TILLCAST_DATA_DIR, else .tillcast',
    },
  ],
  local: true,
  validate: (given, context) => {
    const port = given.text('port');
    const dataDir = given.text('dataDir');
    return {
      ...context.env,
      ...(port === undefined ? {} : { PORT: String(parsePort(port, '--port')) }),
      ...(dataDir === undefined ? {} : { TILLCAST_DATA_DIR: dataDir }),
    };
  },
  run: async (environment) => {
    await runService(async () => {
      const { parseBackendConfig, startBackend } = await import('@tillcast/backend');
      return startBackend(parseBackendConfig(environment));
    });
    return undefined;
  },
  print: () => undefined,
});
