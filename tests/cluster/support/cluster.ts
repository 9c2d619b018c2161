import { readFileSync } from 'node:fs';
import { mkdir, mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { setTimeout as pause } from 'node:timers/promises';
import { createFetch, type Fetch, findRabbitmq, ManagementClient } from '@tillcast/broker';
import type { PrivatePostgres } from '@tillcast/testkit';
import { makeDevelopmentTls } from '../../../packages/cli/src/tls/development-tls.ts';
import { queryOnce } from '../../failure/support/queries.ts';
import { runCommand } from '../../support/command.ts';
import { BackendService } from './backend-service.ts';
import { type Balancer, startBalancer } from './balancer.ts';
import { isAnswered } from './is-answered.ts';
import {
  BACKEND_HOSTS,
  type BackendHost,
  chooseLoopbackNet,
  type LoopbackNet,
  RABBITMQ_HOSTS,
  type RabbitmqHost,
} from './loopback-net.ts';
import { startNameServer } from './name-server.ts';
import { chooseNodePorts, type NodeLinks, openNodeLinks } from './node-links.ts';
import { startPostgres } from './own-postgres.ts';
import { RabbitmqNode } from './rabbitmq-node.ts';
import { environmentOf, MOUNTED_TLS } from './shipped-files.ts';

const SECRET = 'onloopbackonly';
export const API_KEY = 'a-key-for-clusters-on-loopback';
const READY_MS = 180_000;

/** The deployment of compose.cluster.yaml, as processes of this machine, each at an address of its own. */
export interface Cluster extends AsyncDisposable {
  /** For what goes with it; removed with it. */
  readonly folder: string;
  readonly caPem: string;
  /** Trusts the deployment's authority. */
  readonly fetch: Fetch;
  /** Of HAProxy, where tills and operators find the backends; the issuer of tokens, too. */
  readonly apiUrl: string;
  /** Of HAProxy, where tills find the broker; without user and password. */
  readonly amqpUrl: string;
  /** The same, with all rights. */
  readonly administratorUrl: string;
  /** With all rights, past everything. */
  readonly databaseUrl: string;
  readonly nodes: ReadonlyMap<RabbitmqHost, RabbitmqNode>;
  readonly links: NodeLinks;
  readonly backends: ReadonlyMap<BackendHost, BackendService>;
  readonly balancer: Balancer;
  readonly postgres: PrivatePostgres;
  /** Asks any node as administrator. */
  readonly management: ManagementClient;
  /** The variables with which compose starts a service, by the places of this machine. */
  readonly environmentOf: (service: string) => Readonly<Record<string, string>>;
  /** The variables of a shell whose `tillcast` talks to this deployment. */
  readonly shell: Readonly<Record<string, string>>;
  /** Resolves when every node runs, sees the others and lets tills in. */
  readonly untilWhole: () => Promise<void>;
}

/** Starts all of it; resolves when it is whole and provisioned. */
export async function startCluster(): Promise<Cluster> {
  await using stack = new AsyncDisposableStack();
  const folder = await mkdtemp(join(tmpdir(), 'tillcast-cluster-'));
  stack.defer(() => rm(folder, { recursive: true, force: true }));
  const net = await chooseLoopbackNet();
  const tls = await makeCertificates(folder, net);
  const caFile = join(tls, 'ca.pem');
  const caPem = readFileSync(caFile, 'utf8');
  const fetch = createFetch(caPem);
  const postgres = await startPostgres(stack, tls);
  await queryOnce(postgres.url, 'CREATE DATABASE tillcast');
  const apiUrl = `https://${net.addressOf('haproxy')}:8443`;
  const amqpUrl = `amqps://${net.addressOf('haproxy')}:5671`;
  const variables = variablesOf(net, postgres, { apiUrl, amqpUrl });

  const { nodes, links } = await startNodes(stack, { folder, net, tls, variables });
  const names = await startNameServer((name) => addressesOf(net, name));
  stack.use(names);
  const balancer = stack.use(
    await startBalancer(net.addressOf('haproxy'), join(folder, 'haproxy'), tls, names.address),
  );
  const placed = (service: string): Readonly<Record<string, string>> =>
    placeAll(environmentOf(service, variables), { net, tls, postgres });
  const management = new ManagementClient({
    url: `https://${net.addressOf('rabbitmq1')}:15671`,
    otherUrls: [`https://${net.addressOf('rabbitmq2')}:15671`, `https://${net.addressOf('rabbitmq3')}:15671`],
    username: variables['RABBITMQ_USER'] ?? '',
    password: SECRET,
    caPem,
  });
  const untilWhole = (): Promise<void> => becomesWhole(management, [...nodes.values()]);
  await untilWhole();
  const provisioned = await runCommand(['broker', 'provision'], { env: placed('provision'), cwd: folder });
  if (provisioned.code !== 0) throw new Error(`The broker was not provisioned: ${provisioned.err}`);

  const backends = new Map<BackendHost, BackendService>();
  for (const host of BACKEND_HOSTS) {
    const own = join(folder, host);
    await mkdir(own);
    const backend = new BackendService({
      url: `https://${net.addressOf(host)}:8080`,
      environment: { ...placed('backend'), HOST: net.addressOf(host) },
      folder: own,
      output: join(own, 'output.log'),
      fetch,
    });
    backends.set(host, stack.use(backend));
  }
  await Promise.all([...backends.values()].map((backend) => backend.start()));
  // HAProxy has to find them, and see them well twice.
  while (!(await isAnswered(fetch, `${apiUrl}/ready`))) await pause(200);
  const kept = stack.move();
  const administrator = new URL(amqpUrl);
  administrator.username = variables['RABBITMQ_USER'] ?? '';
  administrator.password = SECRET;
  const database = new URL(postgres.url);
  database.pathname = '/tillcast';
  return {
    folder,
    caPem,
    fetch,
    apiUrl,
    amqpUrl,
    administratorUrl: administrator.href,
    databaseUrl: database.href,
    nodes,
    links,
    backends,
    balancer,
    postgres,
    management,
    environmentOf: placed,
    shell: { TILLCAST_URL: apiUrl, TILLCAST_API_KEY: API_KEY, TILLCAST_CA_FILE: caFile },
    untilWhole,
    [Symbol.asyncDispose]: () => kept.disposeAsync(),
  };
}

/** As compose.cluster.yaml says that they are made; for addresses, too, since here machines have no names. */
async function makeCertificates(folder: string, net: LoopbackNet): Promise<string> {
  const tls = join(folder, 'tls');
  const machines = [...RABBITMQ_HOSTS, ...BACKEND_HOSTS, 'haproxy'] as const;
  const names = [...machines, 'backend', 'postgres', ...machines.map((host) => net.addressOf(host))];
  await makeDevelopmentTls(tls, names, new Date());
  return tls;
}

function variablesOf(
  net: LoopbackNet,
  postgres: PrivatePostgres,
  urls: { readonly apiUrl: string; readonly amqpUrl: string },
): Readonly<Record<string, string>> {
  const { username, password } = new URL(postgres.url);
  return {
    RABBITMQ_USER: 'tillcast-admin',
    RABBITMQ_PASS: SECRET,
    RABBITMQ_ERLANG_COOKIE: SECRET.toUpperCase(),
    TILLCAST_PUBLISHER_PASSWORD: SECRET,
    TILLCAST_GUARDIAN_PASSWORD: SECRET,
    POSTGRES_USER: username,
    POSTGRES_PASSWORD: password,
    TILLCAST_PUBLIC_URL: urls.apiUrl,
    TILLCAST_TERMINAL_AMQP_URLS: urls.amqpUrl,
    TILLCAST_CLUSTER_NETWORK: '127.0.0.0/8',
    TILLCAST_SECRET_KEY: Buffer.alloc(32, 7).toString('base64url'),
    TILLCAST_API_KEY: API_KEY,
    LOG_LEVEL: 'info',
  };
}

/** What the name server says: of `backend` every backend's address, as Docker's does. */
function addressesOf(net: LoopbackNet, name: string): readonly string[] {
  if (name === 'backend') return BACKEND_HOSTS.map((host) => net.addressOf(host));
  return RABBITMQ_HOSTS.filter((host) => host === name).map((host) => net.addressOf(host));
}

/** Addresses in the place of the containers' names, and the folder in that of the mounted one. */
function placeAll(
  environment: Readonly<Record<string, string>>,
  at: { readonly net: LoopbackNet; readonly tls: string; readonly postgres: PrivatePostgres },
): Readonly<Record<string, string>> {
  const place = (text: string): string =>
    RABBITMQ_HOSTS.reduce(
      (placed, host) => placed.replaceAll(`@${host}:`, `@${at.net.addressOf(host)}:`),
      text,
    )
      .replaceAll('@postgres:5432', `@127.0.0.1:${at.postgres.port}`)
      .replaceAll(MOUNTED_TLS, at.tls);
  return Object.fromEntries(Object.entries(environment).map(([name, value]) => [name, place(value)]));
}

async function startNodes(
  stack: AsyncDisposableStack,
  at: {
    readonly folder: string;
    readonly net: LoopbackNet;
    readonly tls: string;
    readonly variables: Readonly<Record<string, string>>;
  },
): Promise<{ readonly nodes: Map<RabbitmqHost, RabbitmqNode>; readonly links: NodeLinks }> {
  const installation = await findRabbitmq();
  if (installation === null) throw new Error('RabbitMQ is not installed.');
  const ports = await chooseNodePorts();
  const links = stack.use(await openNodeLinks(at.net, ports));
  const nodes = new Map<RabbitmqHost, RabbitmqNode>();
  for (const host of RABBITMQ_HOSTS) {
    const own = join(at.folder, host);
    await mkdir(own);
    const node = new RabbitmqNode({ ...at, host, folder: own, ports: ports[host], installation });
    nodes.set(host, stack.use(node));
  }
  await Promise.all([...nodes.values()].map((node) => node.start()));
  return { nodes, links };
}

async function becomesWhole(management: ManagementClient, all: readonly RabbitmqNode[]): Promise<void> {
  const giveUpAtMs = performance.now() + READY_MS;
  let last: unknown;
  while (performance.now() < giveUpAtMs) {
    try {
      const nodes = await management.listNodes();
      const areOpen = await Promise.all(all.map((node) => node.isOpen()));
      const areThere = nodes.length === all.length && nodes.every(({ running }) => running);
      if (areThere && areOpen.every(Boolean)) return;
      last = nodes.map(({ name, running }) => `${name}: ${running ? 'runs' : 'does not run'}`).join(', ');
    } catch (error) {
      last = error;
    }
    await pause(500);
  }
  throw new Error(`The cluster was not whole within ${READY_MS / 1_000} s.`, { cause: last });
}
