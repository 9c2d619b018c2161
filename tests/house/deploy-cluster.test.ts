import { randomBytes } from 'node:crypto';
import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, beforeAll, expect, test } from 'vitest';
import { parse, parseAllDocuments } from 'yaml';
import { z } from 'zod';
import { parseBackendConfig } from '../../packages/backend/src/config/backend-config.ts';
import {
  BROKER_SETTINGS,
  desiredBroker,
  enabledPlugins,
  GUARDIAN_USER,
  oauthNodeConfig,
  PUBLISHER_USER,
  tlsNodeConfig,
} from '../../packages/broker/src/index.ts';
import { makeDevelopmentTls } from '../../packages/cli/src/tls/development-tls.ts';
import { RABBITMQ_HOSTS } from '../cluster/support/loopback-net.ts';
import { configOf, environmentOf, MOUNTED_TLS } from '../cluster/support/shipped-files.ts';
import { repositoryFiles, textOf } from './repository.ts';

const serviceSchema = z.object({
  image: z.string().optional(),
  build: z.object({ context: z.string(), dockerfile: z.string() }).optional(),
  volumes: z.array(z.string()).optional(),
  read_only: z.boolean().optional(),
});
const composeText = textOf('deploy/compose.cluster.yaml');
const compose = z
  .object({ services: z.record(z.string(), serviceSchema), volumes: z.record(z.string(), z.null()) })
  .parse(parse(composeText, { merge: true }));

/** The variables of the env file, the commented ones too. */
const known: Readonly<Record<string, string>> = {
  ...Object.fromEntries(
    [...textOf('deploy/.env.multitenant').matchAll(/^#?([A-Z][A-Z_]+)=(.*)$/gm)].map(([, name, value]) => [
      name,
      value,
    ]),
  ),
  TILLCAST_SECRET_KEY: randomBytes(32).toString('base64url'),
};

let tls: string;
beforeAll(async () => {
  tls = await mkdtemp(join(tmpdir(), 'tillcast-deploy-'));
  await makeDevelopmentTls(tls, ['backend'], new Date());
});
afterAll(() => rm(tls, { recursive: true, force: true }));

function backendEnvironment(): Readonly<Record<string, string>> {
  const given = Object.entries(environmentOf('backend', known));
  return Object.fromEntries(given.map(([name, value]) => [name, value.replaceAll(MOUNTED_TLS, tls)]));
}

/** The settings of a file in the form of rabbitmq.conf. */
function settingsOf(text: string): readonly string[] {
  return text.split('\n').filter((line) => line !== '' && !line.startsWith('#'));
}

test('[B43] every variable that the cluster’s compose file asks for is in .env.multitenant', () => {
  const asked = [...composeText.matchAll(/(?<!\$)\$\{([A-Z_]+)/g)].map(([, name]) => name ?? '');
  expect(asked.filter((name) => !Object.hasOwn(known, name))).toEqual([]);
});

const services = Object.entries(compose.services);

test('[B43] images have a version, and what is ours is nobody’s and on a read-only file system', () => {
  const foreign = services.flatMap(([, { image }]) => image ?? []);
  for (const image of foreign) expect(image).toMatch(/^([a-z]+\/)?[a-z]+:v?\d+(\.\d+)*(-[a-z]+)?$/);
  const own = services.filter(([, { image }]) => image === undefined);
  expect(own.map(([name]) => name)).toEqual(['provision', 'backend']);
  for (const [name, service] of own) {
    expect([name, service.read_only]).toEqual([name, true]);
    expect(textOf(service.build?.dockerfile ?? '')).toMatch(/^USER node$/m);
  }
});

test('[B43] volumes are declared, and files that are mounted are there', () => {
  const sources = services.flatMap(([, each]) => each.volumes ?? []).map((each) => each.split(':')[0] ?? '');
  const named = sources.filter((source) => !source.startsWith('./'));
  expect(Object.keys(compose.volumes)).toEqual(expect.arrayContaining(named));
  const files = repositoryFiles();
  const paths = sources.filter((source) => source.startsWith('./') && !source.startsWith('./tls'));
  const isThere = (source: string): boolean =>
    files.some((file) => `${file}/`.startsWith(`${source.replace('.', 'deploy')}/`));
  expect(paths.filter((path) => !isThere(path))).toEqual([]);
});

test('[B41] [B43] the backend understands its environment: three nodes, each by its own name, and HAProxy believed', () => {
  const config = parseBackendConfig(backendEnvironment());
  expect(config).toMatchObject({
    production: true,
    database: { engine: 'postgresql' },
    identity: { auth: 'token' },
    management: {
      url: 'https://rabbitmq1:15671',
      otherUrls: ['https://rabbitmq2:15671', 'https://rabbitmq3:15671'],
      username: GUARDIAN_USER,
    },
    plaintextWarnings: [],
    unknownVariables: [],
  });
  expect(config.broker.urls.map((url) => new URL(url).hostname)).toEqual([
    'rabbitmq1',
    'rabbitmq2',
    'rabbitmq3',
  ]);
  expect(new Set(config.broker.urls.map((url) => new URL(url).username))).toEqual(new Set([PUBLISHER_USER]));
  expect(config.limits.trustedProxies).not.toEqual([]);
});

test('[B43] rabbitmq.conf, advanced.config and enabled_plugins say what provisioning and `tillcast broker config` say', () => {
  const conf = settingsOf(textOf('deploy/rabbitmq/rabbitmq.conf'));
  const files = {
    caFile: `${MOUNTED_TLS}/ca.pem`,
    certFile: `${MOUNTED_TLS}/rabbitmq.pem`,
    keyFile: `${MOUNTED_TLS}/rabbitmq.key.pem`,
  };
  const oauth = oauthNodeConfig({
    jwksUrl: 'https://haproxy:8443/.well-known/jwks.json',
    authoritiesFile: files.caFile,
  });
  expect(conf).toEqual(
    expect.arrayContaining([
      ...tlsNodeConfig({ ...files, amqpListener: '5671', managementPort: 15_671 }),
      ...oauth.configExtra,
      ...BROKER_SETTINGS,
    ]),
  );
  expect(textOf('deploy/rabbitmq/advanced.config')).toBe(oauth.advancedConfig);
  expect(textOf('deploy/rabbitmq/enabled_plugins')).toBe(
    enabledPlugins([...desiredBroker().plugins, 'rabbitmq_prometheus']),
  );
});

test.each(RABBITMQ_HOSTS)('[B43] %s names the other two nodes, without which it stops', (host) => {
  const others = RABBITMQ_HOSTS.filter((each) => each !== host);
  expect(settingsOf(textOf(`deploy/rabbitmq/nodes/${host}.conf`))).toEqual(
    others.map(
      (other, index) => `cluster_partition_handling.pause_if_all_down.nodes.${index + 1} = rabbit@${other}`,
    ),
  );
});

test('[B1] [B43] definitions.json holds what provisioning writes, and nobody’s password', () => {
  const { vhost, exchange, policies, vhostLimits } = desiredBroker();
  expect(JSON.parse(textOf('deploy/rabbitmq/definitions.json'))).toEqual({
    vhosts: [{ name: vhost }],
    exchanges: [{ ...exchange, vhost, auto_delete: false, internal: false, arguments: {} }],
    policies: policies.map(({ applyTo, ...policy }) => ({ ...policy, 'apply-to': applyTo })),
    parameters: [{ vhost, component: 'vhost-limits', name: 'limits', value: vhostLimits }],
  });
  const administrator: unknown = JSON.parse(configOf('rabbitmq-administrator', known));
  expect(administrator).toMatchObject({ users: [{ name: known['RABBITMQ_USER'], tags: ['administrator'] }] });
});

const kubernetes = repositoryFiles().filter((path) => /^deploy\/kubernetes\/.*\.yaml$/.test(path));

test('[B43] the Kubernetes example has the settings of deploy/rabbitmq, and containers that may write nothing', () => {
  const objects = kubernetes.flatMap((path) =>
    parseAllDocuments(textOf(path)).map((document) => {
      expect(document.errors, path).toEqual([]);
      return z.looseObject({ kind: z.string(), spec: z.unknown().optional() }).parse(document.toJS());
    }),
  );
  const cluster = z
    .object({
      replicas: z.literal(3),
      rabbitmq: z.object({ additionalConfig: z.string(), advancedConfig: z.string() }),
    })
    .parse(objects.find(({ kind }) => kind === 'RabbitmqCluster')?.spec);
  // How partitions are handled is said node by node there, which the operator cannot.
  const partitions = 'cluster_partition_handling = pause_minority';
  const ours = [...settingsOf(textOf('deploy/rabbitmq/rabbitmq.conf')), partitions];
  expect(ours).toEqual(expect.arrayContaining([...settingsOf(cluster.rabbitmq.additionalConfig)]));
  expect(settingsOf(cluster.rabbitmq.additionalConfig)).toEqual(expect.arrayContaining([...BROKER_SETTINGS]));
  expect(cluster.rabbitmq.advancedConfig).toBe(
    oauthNodeConfig({
      jwksUrl: 'https://backend.tillcast.svc:8080/.well-known/jwks.json',
      authoritiesFile: '/etc/rabbitmq-tls/ca.crt',
    }).advancedConfig,
  );
  const texts = kubernetes.map(textOf).join('\n');
  const containers = [...texts.matchAll(/^ +- name: \w+\n +# CHANGE/gm)].length;
  expect(containers).toBe(2);
  expect([...texts.matchAll(/readOnlyRootFilesystem: true/g)]).toHaveLength(containers);
});

test.each(['deploy/backend.Dockerfile', 'deploy/terminal.Dockerfile'])(
  '[B43] %s: one exact Node, no root, a health check, files that are there',
  (path) => {
    const text = textOf(path);
    const images = [...text.matchAll(/^FROM (\S+)/gm)].map(([, image]) => image);
    expect(new Set(images).size).toBe(1);
    expect(images[0]).toMatch(/^node:\d+\.\d+\.\d+-[a-z]+-slim$/);
    expect(text.lastIndexOf('\nUSER node\n')).toBeGreaterThan(text.lastIndexOf('\nFROM '));
    expect(text).toMatch(/^STOPSIGNAL SIGTERM$/m);
    expect(text).toMatch(/^HEALTHCHECK .*\n {2}CMD \["node", "deploy\/health-check\.mjs"/m);
    const files = repositoryFiles();
    for (const [, sources = ''] of text.matchAll(/^COPY (?!--from)(.+) \S+$/gm)) {
      for (const source of sources.split(' '))
        expect(
          files.some((file) => file === source || file.startsWith(`${source}/`)),
          source,
        ).toBe(true);
    }
  },
);

test('[B43] the backend’s systemd unit starts what is there, as nobody’s user, and gives it time to stop', () => {
  const unit = textOf('deploy/systemd/tillcast-backend.service');
  const command = /^ExecStart=\/usr\/bin\/node (\S+) server$/m.exec(unit)?.[1];
  expect(repositoryFiles()).toContain(command);
  for (const line of ['User=tillcast', 'NoNewPrivileges=yes', 'ProtectSystem=strict', 'Restart=always'])
    expect(unit.split('\n')).toContain(line);
  expect(Number(/^TimeoutStopSec=(\d+)$/m.exec(unit)?.[1])).toBeGreaterThan(10);
});
