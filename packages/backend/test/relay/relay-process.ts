/** A backend's relay as a process of its own, to be killed: `node relay-process.ts DATABASE_URL AMQP_URL`. */
import { silentLogger } from '@tillcast/broker';
import { openDatabase } from '../../src/database/open-database.ts';
import { startRelay } from './harness.ts';

const [url, amqpUrl] = process.argv.slice(2);
if (url === undefined || amqpUrl === undefined)
  throw new Error('usage: relay-process.ts DATABASE_URL AMQP_URL');

const database = await openDatabase({ url }, { logger: silentLogger });
await startRelay({ database, amqpUrl });
process.send?.('started');
