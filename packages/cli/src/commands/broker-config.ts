import { mkdir, writeFile } from 'node:fs/promises';
import { join, resolve } from 'node:path';
import { BROKER_SETTINGS, enabledPlugins, type OAuthOptions, oauthNodeConfig } from '@tillcast/broker';
import { type CliCommand, defineCommand } from '../command.ts';
import { usageError } from '../input/parse.ts';

interface Input {
  readonly oauth: OAuthOptions;
  readonly folder: string | null;
}

interface Result {
  readonly folder: string | null;
  /** Texts by the name of their file. */
  readonly files: Readonly<Record<string, string>>;
}

export const brokerConfig: CliCommand = defineCommand<Input, Result>({
  description:
    'Write what RabbitMQ’s own configuration needs, for 3.10 and 4.x alike: that it checks access tokens by the backend’s keys, and the bounds of messages, channels and buffers. Listeners, certificates and the first administrator are yours to add. Changing it takes a restart of RabbitMQ; rotating keys does not.',
  examples: [
    'tillcast broker config --jwks-url https://pos.example.com/.well-known/jwks.json --out /etc/rabbitmq',
    'tillcast broker config --jwks-url http://127.0.0.1:8080/.well-known/jwks.json',
  ],
  flags: [
    {
      flags: '--jwks-url <url>',
      description: 'The backend’s key set as RabbitMQ reaches it: https, or http on the same machine',
      required: true,
    },
    {
      flags: '--authorities <path>',
      description: 'The certificate authorities for that address: a PEM file on RabbitMQ’s machine',
      fallback: '/etc/ssl/certs/ca-certificates.crt',
    },
    {
      flags: '--out <path>',
      description: 'The folder to write rabbitmq.conf, advanced.config and enabled_plugins to',
      fallback: 'print them',
    },
  ],
  local: true,
  validate: (given, context) => {
    const authoritiesFile = given.text('authorities');
    const out = given.text('out');
    return {
      oauth: {
        jwksUrl: given.required('jwksUrl'),
        ...(authoritiesFile === undefined ? {} : { authoritiesFile }),
      },
      folder: out === undefined ? null : resolve(context.cwd, out),
    };
  },
  run: async ({ oauth, folder }) => {
    const { plugins, configExtra, advancedConfig } = oauthNodeConfig(oauth);
    const files = {
      'rabbitmq.conf': `${[...configExtra, ...BROKER_SETTINGS].join('\n')}\n`,
      'advanced.config': advancedConfig,
      enabled_plugins: enabledPlugins(plugins),
    };
    if (folder !== null) await writeFiles(folder, files);
    return { folder, files };
  },
  print: ({ folder, files }, { out, outStyles }) => {
    for (const [name, text] of Object.entries(files)) {
      if (folder === null) out.write(`${outStyles.muted(`# ${name}`)}\n${text}\n`);
      else out.write(`${outStyles.ok(join(folder, name))}\n`);
    }
  },
});

/** Never over a file that is there: it may hold what was not made here. */
async function writeFiles(folder: string, files: Readonly<Record<string, string>>): Promise<void> {
  await mkdir(folder, { recursive: true });
  for (const [name, text] of Object.entries(files)) {
    const path = join(folder, name);
    try {
      await writeFile(path, text, { flag: 'wx' });
    } catch (error) {
      if (!(error instanceof Error && 'code' in error && error.code === 'EEXIST')) throw error;
      throw usageError(
        `${path} is there already, and is left as it is. Name another folder, or leave --out away and copy what is printed.`,
        error,
      );
    }
  }
}
