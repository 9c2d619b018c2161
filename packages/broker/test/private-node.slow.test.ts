import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { readdir, readFile, stat, writeFile } from 'node:fs/promises';
import { createServer } from 'node:net';
import type { TillcastError } from '@tillcast/protocol/errors';
import { parseLicenseKey } from '@tillcast/protocol/license-key';
import { bindingsOf, routingKeyOf } from '@tillcast/protocol/routing';
import { expect, onTestFinished, test } from 'vitest';
import {
  BrokerConnection,
  findRabbitmq,
  ManagementClient,
  type PrivateNode,
  type PrivateNodeOptions,
  Publisher,
  Subscriber,
  silentLogger,
  startPrivateNode,
  wasTurnedOut,
} from '../src/index.ts';
import { eventually, message, testFolder } from './test-node.ts';

const LICENSE = parseLicenseKey('EXTRO-LIFE-ABC123');

async function start(dataDir: string, options: Partial<PrivateNodeOptions> = {}): Promise<PrivateNode> {
  // The management plugin takes 5 s to stop, which a node that is thrown away need not be given.
  const node = await startPrivateNode({ dataDir, logger: silentLogger, stopTimeoutMs: 1_000, ...options });
  onTestFinished(() => node.stop());
  return node;
}

function managementOf(node: PrivateNode): ManagementClient {
  return new ManagementClient({ url: node.managementUrl, ...node.credentials });
}

/** Every running process with its parent and command line. */
async function processes(): Promise<{ pid: number; parent: number; commandLine: string }[]> {
  const pids = (await readdir('/proc')).filter((name) => /^\d+$/.test(name));
  const read = await Promise.all(
    pids.map(async (pid) => {
      try {
        const [status, commandLine] = await Promise.all([
          readFile(`/proc/${pid}/stat`, 'utf8'),
          readFile(`/proc/${pid}/cmdline`, 'utf8'),
        ]);
        const parent = Number(status.slice(status.lastIndexOf(')') + 2).split(' ')[1]);
        return [{ pid: Number(pid), parent, commandLine: commandLine.replaceAll('\0', ' ').trim() }];
      } catch {
        return []; // It ended meanwhile.
      }
    }),
  );
  return read.flat().filter((each) => each.commandLine !== '');
}

/** A node's processes: its own, its port mapper, and all their descendants. */
async function familyOf(node: PrivateNode): Promise<number[]> {
  const all = await processes();
  const family = new Set(
    all
      .filter((each) => each.pid === node.pid || each.commandLine.includes(`-port ${node.ports.epmd} `))
      .map((each) => each.pid),
  );
  for (let size = -1; size !== family.size; ) {
    size = family.size;
    for (const each of all) if (family.has(each.parent)) family.add(each.pid);
  }
  return [...family];
}

async function running(pids: readonly number[]): Promise<number[]> {
  return (await processes()).map((each) => each.pid).filter((pid) => pids.includes(pid));
}

test('the installed RabbitMQ is found, with its version, and not the wrapper that switches the user', async () => {
  const found = await findRabbitmq();
  expect(found?.version).toMatch(/^\d+\.\d+\.\d+$/);
  expect(found?.serverScript).not.toBe('/usr/sbin/rabbitmq-server');
});

test('of several RabbitMQs that is taken whose folder is named, and a folder without one is an error', async () => {
  const folder = await testFolder();
  for (const program of ['rabbitmq-server', 'erl', 'epmd'])
    await writeFile(`${folder}/${program}`, '#!/bin/sh\n', { mode: 0o755 });
  expect(await findRabbitmq({ TILLCAST_RABBITMQ_BIN: folder })).toMatchObject({
    serverScript: `${folder}/rabbitmq-server`,
    epmd: `${folder}/epmd`,
    erlangBin: folder,
  });
  await expect(findRabbitmq({ TILLCAST_RABBITMQ_BIN: '/nonexistent' })).rejects.toMatchObject({
    code: 'broker_missing',
    message: expect.stringContaining('/nonexistent'),
  });
});

test('a node listens on the loopback only, keeps its password to its owner, and leaves nothing running', async () => {
  const dataDir = await testFolder();
  const phases: string[] = [];
  const node = await start(`${dataDir}/a folder`, {
    onProgress: ({ phase }) => phases.push(phase),
    stopTimeoutMs: 60_000,
  });
  expect(phases).toEqual(['preparing', 'starting', 'booting', 'ready']);
  for (const port of Object.values(node.ports)) expect(port).toBeLessThan(32_768);
  const listening = (await readFile('/proc/net/tcp', 'utf8'))
    .split('\n')
    .map((line) => line.trim().split(/\s+/));
  for (const port of Object.values(node.ports)) {
    const hex = port.toString(16).toUpperCase().padStart(4, '0');
    const addresses = listening
      .filter((fields) => fields[3] === '0A' && fields[1]?.endsWith(`:${hex}`) === true)
      .map((fields) => fields[1]);
    expect(addresses).toEqual([`0100007F:${hex}`]);
  }
  for (const file of ['node.json', 'rabbitmq.conf', 'processes.json']) {
    expect((await stat(`${dataDir}/a folder/${file}`)).mode & 0o777).toBe(0o600);
  }
  const guest = new ManagementClient({ url: node.managementUrl, username: 'guest', password: 'guest' });
  await expect(guest.overview()).rejects.toMatchObject({ code: 'broker_access_refused' });
  const family = await familyOf(node);
  expect(family.length).toBeGreaterThanOrEqual(3);
  await node.stop();
  await node.exited;
  await eventually(async () => (await running(family)).length === 0);
});

test('the same directory is the same node again: users, exchanges, password and ports', async () => {
  const dataDir = await testFolder();
  const first = await start(dataDir, { stopTimeoutMs: 60_000 });
  await managementOf(first).createUser({ name: 'kept', password: 'kept' });
  await managementOf(first).createVhost('kept');
  await first.stop();
  const again = await start(dataDir);
  expect(again.credentials).toEqual(first.credentials);
  expect(again.ports).toEqual(first.ports);
  const kept = await managementOf(again).listExchanges('kept');
  expect(kept.length).toBeGreaterThan(0);
});

test('two nodes run side by side, and a living node’s directory is refused to another', async () => {
  const [one, two] = await Promise.all([testFolder(), testFolder()]);
  const [first, second] = await Promise.all([start(one), start(two)]);
  expect(new Set([...Object.values(first.ports), ...Object.values(second.ports)]).size).toBe(8);
  await expect(startPrivateNode({ dataDir: one, logger: silentLogger })).rejects.toMatchObject({
    code: 'data_in_use',
    message: expect.stringContaining(`pid ${first.pid}`),
  });
  await first.stop();
  expect(await managementOf(second).overview()).toMatchObject({ rabbitmqVersion: second.version });
});

test('a node that does not stop in time is killed, leaves nothing running, and keeps its definitions', async () => {
  const dataDir = await testFolder();
  const warnings: string[] = [];
  const logger = { ...silentLogger, warn: (_fields: object, text: string) => warnings.push(text) };
  const node = await start(dataDir, { logger, stopTimeoutMs: 0 });
  await managementOf(node).createVhost('kept');
  const family = await familyOf(node);
  await node.stop();
  expect(warnings).toContain('a process of the private node did not stop in time and was killed');
  await eventually(async () => (await running(family)).length === 0);
  const again = await start(dataDir);
  expect((await managementOf(again).listExchanges('kept')).length).toBeGreaterThan(0);
});

test('what a killed owner left running is stopped first', async () => {
  // 1. A process starts a node and is killed before it can stop it. 2. Node and port mapper live on.
  // 3. A start on the same directory stops both, and then runs the node itself.
  const dataDir = await testFolder();
  const script = `
    import { silentLogger, startPrivateNode } from ${JSON.stringify(new URL('../src/index.ts', import.meta.url).href)};
    const node = await startPrivateNode({ dataDir: ${JSON.stringify(dataDir)}, logger: silentLogger });
    process.stdout.write(JSON.stringify({ pid: node.pid, ports: node.ports }));
    setInterval(() => undefined, 1000);`;
  const owner = spawn(process.execPath, ['--input-type=module-typescript', '-e', script], {
    stdio: ['ignore', 'pipe', 'inherit'],
  });
  const [output] = await once(owner.stdout, 'data');
  const left: PrivateNode = JSON.parse(String(output));
  const family = await familyOf(left);
  owner.kill('SIGKILL');
  await once(owner, 'exit');
  expect(await running(family)).toEqual(family);
  const stopped: unknown[] = [];
  const node = await start(dataDir, { logger: { ...silentLogger, warn: (fields) => stopped.push(fields) } });
  expect(stopped).toHaveLength(2);
  expect(await running(family)).toEqual([]);
  expect(node.pid).not.toBe(left.pid);
});

test('a pid that now belongs to another process is left alone', async () => {
  const dataDir = await testFolder();
  const bystander = spawn('sleep', ['600']);
  onTestFinished(() => void bystander.kill());
  const processes = [{ pid: bystander.pid, marker: '-tillcast_node gone@localhost' }];
  await writeFile(`${dataDir}/processes.json`, JSON.stringify(processes));
  await start(dataDir);
  expect(bystander.exitCode).toBeNull();
  expect(bystander.signalCode).toBeNull();
});

test('a port that is taken, RabbitMQ missing, and a node that cannot start are errors of their own', async () => {
  const dataDir = await testFolder();
  const taken = createServer();
  taken.listen(0, '127.0.0.1');
  await once(taken, 'listening');
  onTestFinished(() => void taken.close());
  const address = taken.address();
  const port = typeof address === 'object' && address !== null ? address.port : 0;
  const inUse = startPrivateNode({ dataDir, logger: silentLogger, ports: { amqp: port } });
  await expect(inUse).rejects.toMatchObject({
    code: 'port_in_use',
    message: expect.stringContaining(String(port)),
  });

  expect(await findRabbitmq({ PATH: '/nonexistent' })).not.toBeUndefined();
  const missing = {
    serverScript: '/nonexistent/rabbitmq-server',
    version: null,
    epmd: '/nonexistent/epmd',
    erlangBin: '/nonexistent',
  };
  const notThere = startPrivateNode({ dataDir, logger: silentLogger, installation: missing });
  await expect(notThere).rejects.toMatchObject({
    code: 'broker_start_failed',
    message: expect.stringContaining('/nonexistent/epmd'),
  });

  const broken = startPrivateNode({ dataDir, logger: silentLogger, configExtra: ['no_such_setting = 1'] });
  await expect(broken).rejects.toMatchObject({
    code: 'broker_start_failed',
    message: expect.stringContaining('no_such_setting'),
  });
  // The directory was given up each time.
  await start(dataDir);
});

test('a broker under an alarm says that it takes no messages, and the connection shows it', async () => {
  const node = await start(await testFolder(), {
    configExtra: ['vm_memory_high_watermark.relative = 0.00001'],
  });
  await eventually(async () => (await managementOf(node).alarms()).inForce);
  const connection = new BrokerConnection({
    urls: [node.amqpUrl],
    connectionName: 'test',
    logger: silentLogger,
  });
  onTestFinished(() => connection.stop());
  const publisher = new Publisher({ connection, confirmTimeoutMs: 200 });
  connection.start();
  publisher.start();
  await publisher.whenReady(20_000);
  const unconfirmed = publisher.publish(message(routingKeyOf(LICENSE, 'price_update'), 'held'));
  await expect(unconfirmed).rejects.toMatchObject({ code: 'publish_refused' });
  await eventually(() => connection.state.status === 'up' && connection.state.blocked !== null);
  expect(connection.state).toMatchObject({ blocked: expect.stringContaining('memory') });
});

test('a connection survives its node: killed, and started again', async () => {
  const dataDir = await testFolder();
  const node = await start(dataDir);
  const connection = new BrokerConnection({
    urls: [node.amqpUrl],
    connectionName: 'test',
    logger: silentLogger,
    backoff: { initialMs: 50, maxMs: 500 },
  });
  const publisher = new Publisher({ connection });
  const received: (string | null)[] = [];
  const attached: string[] = [];
  const detached: string[] = [];
  const subscriber = new Subscriber({
    connection,
    terminalId: '0192f0c1-2345-7000-8000-000000000002',
    bindings: bindingsOf(LICENSE),
    handler: (delivery) => void received.push(delivery.messageId),
    onError: (error) => expect.fail(String(error)),
    onAttached: (queue) => attached.push(queue),
    onDetached: (reason) => detached.push(reason.message),
  });
  onTestFinished(() => connection.stop());
  connection.start();
  publisher.start();
  await publisher.whenReady(20_000);
  subscriber.start();
  await eventually(() => attached.length === 1);

  process.kill(node.pid, 'SIGKILL');
  const unconfirmed = publisher.publish(message(routingKeyOf(LICENSE, 'price_update'), 'lost'));
  await expect(unconfirmed).rejects.toMatchObject({ code: 'broker_unavailable' });
  expect(await node.exited).toMatchObject({ signal: 'SIGKILL' });
  await eventually(() => connection.state.status === 'down' && detached.length === 1);
  await node.stop();

  await start(dataDir);
  await eventually(() => attached.length === 2 && publisher.ready);
  await publisher.publish(message(routingKeyOf(LICENSE, 'price_update'), 'after'));
  await eventually(() => received.includes('after'));
  await subscriber.stop();
  await publisher.stop();
});

test.each([
  ['stopped in order', (node: PrivateNode) => node.stop()],
  ['killed', (node: PrivateNode) => Promise.resolve(process.kill(node.pid, 'SIGKILL'))],
])('[G25] a node that is %s has turned none of its clients out', async (_how, end) => {
  // Time enough to say goodbye to its clients.
  const node = await start(await testFolder(), { stopTimeoutMs: 20_000 });
  const connection = new BrokerConnection({
    urls: [node.amqpUrl],
    connectionName: 'test',
    logger: silentLogger,
  });
  onTestFinished(() => connection.stop());
  const reasons: TillcastError[] = [];
  connection.onStateChange((state) => {
    if (state.status === 'down') reasons.push(state.reason);
  });
  connection.start();
  await connection.whenUp(20_000);
  await end(node);
  await eventually(() => reasons.length > 0);
  expect(reasons.slice(0, 1).map((reason) => [reason.message, wasTurnedOut(reason)])).toEqual([
    [expect.any(String), false],
  ]);
});
