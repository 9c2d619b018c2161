import { BrokerConnection, Publisher, silentLogger } from '@tillcast/broker';
import { type LicenseKey, parseLicenseKey } from '@tillcast/protocol/license-key';
import { createDatabase, testMessageSigner } from '@tillcast/testkit';
import { connect } from 'amqplib';
import { Client } from 'pg';
import { commit } from '../packages/backend/src/catalog/commit.ts';
import { readDeltaPage } from '../packages/backend/src/catalog/read-delta-page.ts';
import { type Database } from '../packages/backend/src/database/database.ts';
import { openDatabase } from '../packages/backend/src/database/open-database.ts';
import { createLicense } from '../packages/backend/src/licenses/create-license.ts';
import { databaseChangeLog } from '../packages/backend/src/relay/database-change-log.ts';
import { Relay } from '../packages/backend/src/relay/relay.ts';
import { productOf } from './lib/backend.ts';
import type { Benchmark } from './lib/benchmark.ts';
import { compare, timed } from './lib/measure.ts';

const LICENSES = 20;
/** Each license changes the prices of so many products, again and again. */
const PRODUCTS = 50;
const EPOCH = 'benchepoch';

/**
 * B13: the broker is back after an outage, and a backlog waits: from the relay's first look to the last confirm,
 * and the delta of each license read once, against a bare loop of confirmed publishes of all its messages.
 *
 * Traps: the relay publishes far fewer messages than the floor, on purpose, so the tills' question for the delta
 * is counted with it; what one more till of the same license costs is B8's, and shared.
 */
export const b13: Benchmark = {
  id: 'B13',
  title: 'a long backlog',
  run: async (context) => {
    const changes = context.quick ? 24_000 : 100_000;
    await using testDatabase = await createDatabase(context.postgres.url);
    await using database = await openDatabase({ url: testDatabase.url }, { logger: silentLogger });
    const client = new Client({ connectionString: testDatabase.url });
    await client.connect();
    const keys = await fill(database, changes / LICENSES);
    const { rows } = await client.query<{ key: string; type: string; message: string }>(
      'SELECT key, type, message FROM changes JOIN licenses ON licenses.id = changes.license_id ORDER BY changes.license_id, version',
    );
    const epochs = await client.query<{ key: string; epoch: string }>(
      'SELECT key, epoch FROM catalogs JOIN licenses ON licenses.id = catalogs.license_id',
    );
    const epochOf = new Map(epochs.rows.map(({ key, epoch }) => [key, epoch]));
    const connection = new BrokerConnection({
      urls: [context.amqpUrl],
      connectionName: 'bench',
      logger: silentLogger,
    });
    const publisher = new Publisher({ connection });
    connection.start();
    publisher.start();
    await publisher.whenReady(10_000);
    const relay = new Relay({ log: databaseChangeLog(database), publisher, logger: silentLogger });
    await relay.start();
    const drained = async (): Promise<void> => {
      for (;;) {
        const answer = await client.query<{ pending: string }>(
          'SELECT sum(version - published_version) AS pending FROM catalogs JOIN publications USING (license_id)',
        );
        if (Number(answer.rows[0]?.pending) === 0) return;
        await new Promise((done) => setTimeout(done, 10));
      }
    };
    await drained();
    const product = async (): Promise<number> => {
      await client.query('UPDATE publications SET published_version = 1');
      return timed(async () => {
        await client.query(
          "SELECT pg_notify('tillcast_changes', license_id || '/' || shard) FROM publications",
        );
        await drained();
        for (const key of keys) {
          const delta = { epoch: epochOf.get(key) ?? EPOCH, since: 1, limit: 1_000 };
          if ((await readDeltaPage(database, key, delta)) === 'history_gone') throw new Error('no delta');
        }
      });
    };
    const raw = await connect(context.amqpUrl, { noDelay: true });
    const channel = await raw.createConfirmChannel();
    const messages = rows.map(({ key, type, message }) => ({
      routingKey: `license.${key}.${type}`,
      body: Buffer.from(message),
    }));
    const floor = (): Promise<number> =>
      timed(async () => {
        for (const { routingKey, body } of messages) {
          const isRoom = channel.publish('pos_license_events', routingKey, body, { deliveryMode: 1 });
          if (!isRoom) await channel.waitForConfirms();
        }
        await channel.waitForConfirms();
      });
    try {
      return [
        await compare({
          id: 'B13',
          what: `${messages.length} changes of ${LICENSES} licenses wait: relay and deltas / bare confirmed publish`,
          product,
          floor,
          rounds: context.quick ? 3 : 5,
          maxRatio: 1.43,
          operations: messages.length,
        }),
      ];
    } finally {
      await raw.close();
      await relay.stop();
      await publisher.stop();
      await connection.stop();
      await client.end();
    }
  },
};

/** Single price changes, all licenses side by side. */
async function fill(database: Database, changes: number): Promise<readonly LicenseKey[]> {
  const context = { now: () => new Date(), signer: testMessageSigner() };
  return Promise.all(
    Array.from({ length: LICENSES }, async (_, license) => {
      const key = parseLicenseKey(`BENCH-BACKLOG-${license}`);
      await createLicense(database, { key }, context);
      const operations = Array.from(
        { length: PRODUCTS },
        (_each, index) => ({ op: 'put', kind: 'product', item: productOf(index, 1) }) as const,
      );
      await commit(database, key, operations, context);
      for (let change = 1; change < changes; change += 1) {
        const product_id = String(productOf(change % PRODUCTS, 1)['id']);
        await commit(database, key, [{ op: 'set_price', product_id, price: change / 100 }], context);
      }
      return key;
    }),
  );
}
