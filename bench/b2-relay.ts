import { BrokerConnection, Publisher, silentLogger } from '@tillcast/broker';
import { parseLicenseKey } from '@tillcast/protocol/license-key';
import { SIGNATURE_HEADER } from '@tillcast/protocol/messages/signature';
import { createDatabase, testMessageSigner } from '@tillcast/testkit';
import { connect } from 'amqplib';
import { Client } from 'pg';
import { commit } from '../packages/backend/src/catalog/commit.ts';
import { openDatabase } from '../packages/backend/src/database/open-database.ts';
import { createLicense } from '../packages/backend/src/licenses/create-license.ts';
import { databaseChangeLog } from '../packages/backend/src/relay/database-change-log.ts';
import { Relay } from '../packages/backend/src/relay/relay.ts';
import { productOf } from './lib/backend.ts';
import type { Benchmark } from './lib/benchmark.ts';
import { compare, timed } from './lib/measure.ts';

const LICENSES = 20;
/** Unconfirmed messages at once, the same for both sides. */
const WINDOW = 1024;

/**
 * B2: the relay, from a change log full of unpublished changes to the last confirm, against a bare loop of
 * confirmed publishes of the same bytes with the same window.
 *
 * Traps: the floor has its bytes in memory, the relay reads them from PostgreSQL; no queue is bound, so the
 * broker routes to nobody for both; the time until the relay has its first lease is not counted.
 */
export const b2: Benchmark = {
  id: 'B2',
  title: 'relay: change log to confirmed',
  run: async (context) => {
    const changes = context.quick ? 4_000 : 20_000;
    await using testDatabase = await createDatabase(context.postgres.url);
    await using database = await openDatabase({ url: testDatabase.url }, { logger: silentLogger });
    const now = (): Date => new Date();
    const signer = testMessageSigner();
    for (let license = 0; license < LICENSES; license++) {
      const key = parseLicenseKey(`BENCH-RELAY-${license}`);
      await createLicense(database, { key }, { now });
      await commit(database, key, [{ op: 'put', kind: 'product', item: productOf(0, 1) }], { now, signer });
      for (let change = 1; change < changes / LICENSES; change++) {
        await commit(database, key, [{ op: 'set_price', product_id: 'SKU-000000', price: change }], {
          now,
          signer,
        });
      }
    }
    const client = new Client({ connectionString: testDatabase.url });
    await client.connect();
    const { rows } = await client.query<{ key: string; type: string; message: string; signature: string }>(
      'SELECT key, type, message, signature FROM changes JOIN licenses ON licenses.id = changes.license_id ORDER BY changes.license_id, version',
    );
    const connection = new BrokerConnection({
      urls: [context.amqpUrl],
      connectionName: 'bench',
      logger: silentLogger,
    });
    const publisher = new Publisher({ connection, maxUnconfirmed: WINDOW });
    connection.start();
    publisher.start();
    await publisher.whenReady(10_000);
    const relay = new Relay({ log: databaseChangeLog(database), publisher, logger: silentLogger });
    await relay.start();
    const pending = async (): Promise<number> => {
      const answer = await client.query<{ pending: string }>(
        'SELECT sum(version - published_version) AS pending FROM catalogs JOIN publications USING (license_id)',
      );
      return Number(answer.rows[0]?.pending);
    };
    const drained = async (): Promise<void> => {
      while ((await pending()) > 0) await new Promise((done) => setTimeout(done, 10));
    };
    await drained();

    const raw = await connect(context.amqpUrl, { noDelay: true });
    const channel = await raw.createConfirmChannel();
    const messages = rows.map(({ key, type, message, signature }) => ({
      routingKey: `license.${key}.${type}`,
      body: Buffer.from(message),
      headers: { [SIGNATURE_HEADER]: signature },
    }));
    const floor = (): Promise<number> =>
      timed(async () => {
        let unconfirmed = 0;
        let wake: (() => void) | null = null;
        for (const { routingKey, body, headers } of messages) {
          channel.publish('pos_license_events', routingKey, body, { deliveryMode: 1, headers }, () => {
            unconfirmed -= 1;
            wake?.();
          });
          unconfirmed += 1;
          while (unconfirmed >= WINDOW) await new Promise<void>((resolve) => (wake = resolve));
        }
        await channel.waitForConfirms();
      });
    const product = async (): Promise<number> => {
      await client.query('UPDATE publications SET published_version = 0');
      return timed(async () => {
        await client.query(
          "SELECT pg_notify('tillcast_changes', license_id || '/' || shard) FROM publications",
        );
        await drained();
      });
    };
    try {
      const what = `${messages.length} changes of ${LICENSES} licenses: relay / bare confirmed publish`;
      return [
        await compare({
          id: 'B2',
          what,
          product,
          floor,
          rounds: context.quick ? 3 : 5,
          maxRatio: 1.25,
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
