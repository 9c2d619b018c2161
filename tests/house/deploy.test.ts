import { expect, test } from 'vitest';
import { parse } from 'yaml';
import { z } from 'zod';
import { parseBackendConfig } from '../../packages/backend/src/config/backend-config.ts';
import { parseTerminalConfig } from '../../packages/terminal/src/config/terminal-config.ts';
import { textOf } from './repository.ts';

const composeSchema = z.object({
  name: z.string(),
  services: z.record(
    z.string(),
    z.object({
      image: z.string().optional(),
      build: z.object({ context: z.string(), dockerfile: z.string() }).optional(),
      environment: z.record(z.string(), z.string()),
      volumes: z.array(z.string()).optional(),
      healthcheck: z.object({ test: z.array(z.string()).min(2) }),
      depends_on: z.record(z.string(), z.object({ condition: z.literal('service_healthy') })).optional(),
    }),
  ),
  configs: z.record(z.string(), z.object({ content: z.string() })),
  volumes: z.record(z.string(), z.null()),
});

const composeText = textOf('deploy/compose.yaml');
const compose = composeSchema.parse(parse(composeText));

/** The variables of an env file, the commented ones too. */
function variables(path: string): Readonly<Record<string, string>> {
  const lines = textOf(path).matchAll(/^#?([A-Z][A-Z_]+)=(.*)$/gm);
  return Object.fromEntries([...lines].map(([, name, value]) => [name, value]));
}

const env = variables('deploy/.env.multitenant');

test('every variable that the compose file asks for is in .env.multitenant', () => {
  const asked = [...composeText.matchAll(/(?<!\$)\$\{([A-Z_]+)/g)].map(([, name]) => name ?? '');
  expect(asked.filter((name) => !Object.hasOwn(env, name))).toEqual([]);
});

test('images have a version, volumes are declared, and what a service waits for exists and has a health check', () => {
  const services = Object.values(compose.services);
  for (const { image } of services.filter((service) => service.image !== undefined)) {
    expect(image).toMatch(/^[a-z]+:\d+(\.\d+)*(-[a-z]+)?$/);
  }
  for (const { build } of services.filter((service) => service.image === undefined)) {
    expect(textOf(build?.dockerfile ?? '')).toMatch(/^USER node$/m);
  }
  for (const service of services) {
    for (const volume of service.volumes ?? [])
      expect(Object.keys(compose.volumes)).toContain(volume.split(':')[0]);
    for (const name of Object.keys(service.depends_on ?? {}))
      expect(Object.keys(compose.services)).toContain(name);
  }
});

test('the backend understands the environment that the compose file gives it', () => {
  const given = Object.entries(compose.services['backend']?.environment ?? {}).map(([name, value]) => [
    name,
    value.replaceAll(/\$\{([A-Z_]+)(?::[-?][^}]*)?\}/g, (_, variable: string) => env[variable] ?? ''),
  ]);
  const config = parseBackendConfig(Object.fromEntries(given));
  expect(config).toMatchObject({
    production: true,
    database: { engine: 'postgresql' },
    unknownVariables: [],
  });
  expect(config.licenseKeys).toHaveLength(2);
});

test('a terminal understands the variables of .env.multitenant', () => {
  const names = [
    'LICENSE_KEY',
    'TERMINAL_NAME',
    'SYNC_API_URL',
    'RABBITMQ_HOST',
    'RABBITMQ_PORT',
    'RABBITMQ_USER',
  ];
  const given = Object.fromEntries(
    [...names, 'RABBITMQ_PASS', 'RABBITMQ_VHOST'].map((name) => [name, env[name] ?? '']),
  );
  expect(parseTerminalConfig(given)).toMatchObject({
    licenseKey: 'EXTRO-LIFE-ABC123',
    terminalName: 'Counter 1',
  });
});
