import { randomInt } from 'node:crypto';
import { connect, createServer, type Socket } from 'node:net';
import { silentLogger } from '@tillcast/broker';
import { freePort, freshDatabase } from '@tillcast/testkit';
import { Client } from 'pg';
import { expect, onTestFinished, test } from 'vitest';
import { PostgresListener } from '../../src/database/postgres-listener.ts';
import { open } from '../contract/fixture.ts';

/** A line to a server that can fall silent without an end, as one does whose far machine is gone. */
async function silenceableLine(to: URL): Promise<{ readonly url: string; readonly silence: () => void }> {
  const sockets = new Set<Socket>();
  const server = createServer((near) => {
    const far = connect(Number(to.port), to.hostname);
    for (const [socket, other] of [
      [near, far],
      [far, near],
    ] as const) {
      sockets.add(socket);
      socket.on('error', () => other.destroy());
      socket.on('close', () => other.destroy());
      socket.pipe(other);
    }
  });
  const port = await freePort();
  await new Promise<void>((resolve) => server.listen(port, '127.0.0.1', resolve));
  onTestFinished(() => {
    for (const socket of sockets) socket.destroy();
    server.close();
  });
  const url = new URL(to);
  url.hostname = '127.0.0.1';
  url.port = String(port);
  return {
    url: url.href,
    silence: () => {
      for (const socket of sockets) {
        socket.unpipe();
        socket.removeAllListeners('close');
        socket.pause();
      }
    },
  };
}

/** A database, a listener on it through a line that can fall silent, and what it was told. */
async function listening(): Promise<{
  readonly notify: () => Promise<void>;
  readonly silence: () => void;
  readonly told: string[];
  readonly listener: PostgresListener;
}> {
  const fresh = await freshDatabase();
  onTestFinished(() => fresh[Symbol.asyncDispose]());
  await (await open({ url: fresh.url })).close();
  const client = new Client({ connectionString: fresh.url });
  await client.connect();
  onTestFinished(() => client.end());
  const line = await silenceableLine(new URL(fresh.url));
  const listener = new PostgresListener({
    connection: { connectionString: line.url, connectionTimeoutMillis: 5_000 },
    logger: silentLogger,
    probe: { everyMs: 50, answerMs: 500 },
  });
  onTestFinished(() => listener.close());
  const told: string[] = [];
  await listener.listen('wake', {
    onNotification: (payload) => told.push(payload),
    onMissed: () => told.push('missed'),
  });
  return {
    notify: async () => {
      await client.query("NOTIFY wake, 'up'");
    },
    silence: line.silence,
    told,
    listener,
  };
}

test('[V7] a listening connection whose server has gone without a word is given up, and what was missed is told', async () => {
  const { notify, silence, told } = await listening();
  await notify();
  await expect.poll(() => told).toEqual(['up']);
  silence();
  await notify();
  await expect.poll(() => told, { timeout: 20_000 }).toEqual(['up', 'missed']);
  await notify();
  await expect.poll(() => told).toEqual(['up', 'missed', 'up']);
});

test('[V7] a listener whose server is silent closes all the same', async () => {
  const { silence, listener } = await listening();
  silence();
  await listener.close();
});

test('a listening connection that may not become the system’s is ended', async () => {
  const fresh = await freshDatabase();
  onTestFinished(() => fresh[Symbol.asyncDispose]());
  const owner = new Client({ connectionString: fresh.url });
  await owner.connect();
  onTestFinished(() => owner.end());
  const name = `stranger_${randomInt(2 ** 47)}`;
  await owner.query(`CREATE ROLE ${name} LOGIN PASSWORD 'x'`);
  onTestFinished(async () => {
    await owner.query(`DROP ROLE ${name}`);
  });
  const url = new URL(fresh.url);
  url.username = name;
  url.password = 'x';
  const listener = new PostgresListener({
    connection: { connectionString: url.href },
    logger: silentLogger,
  });
  onTestFinished(() => listener.close());
  const told = { onNotification: () => undefined, onMissed: () => undefined };
  await expect(listener.listen('wake', told)).rejects.toThrow(/permission denied|does not exist/);
  const connections = async (): Promise<number | null> =>
    (await owner.query('SELECT FROM pg_stat_activity WHERE usename = $1', [name])).rowCount;
  await expect.poll(connections).toBe(0);
});
