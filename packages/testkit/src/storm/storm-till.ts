import { mkdirSync } from 'node:fs';
import { join } from 'node:path';
import {
  BrokerConnection,
  circuitFetch,
  createFetch,
  type Fetch,
  Subscriber,
  silentLogger,
} from '@tillcast/broker';
import { DigestSum, rowDigest } from '@tillcast/protocol/digest';
import { ITEM_KINDS } from '@tillcast/protocol/items/kind';
import { parseLicenseKey } from '@tillcast/protocol/license-key';
import { bindingsOf } from '@tillcast/protocol/routing';
import {
  askMessageKeys,
  CATALOG_FILE,
  Counters,
  countStart,
  KeptMessageKeys,
  RenewableLine,
  ReplicaDriver,
  type ShownSales,
  SyncClient,
  systemTillClock,
  TillStore,
  TillView,
  TOKEN_REFUSED_BACKOFF,
  TokenCredentials,
  tillKeyOfPem,
} from '@tillcast/terminal/internals';
import { z } from 'zod';
import type { FleetAddresses, FleetTill, TillSample } from './fleet-messages.ts';

/** A till without its page, lock and key file: all else is the real one's, put together as the terminal does it. */
export interface StormTill {
  readonly sample: () => TillSample;
  /** The sum over the rows that its file holds, each counted anew. */
  readonly contentSum: () => string;
  readonly counters: Counters;
  /** When it tried to connect to the broker, since 1970. */
  readonly attemptsMs: number[];
  readonly stop: () => Promise<void>;
}

/** Tills of a storm sell nothing. */
const NO_SALES: ShownSales = {
  countUnsent: () => ({ waiting: 0, rejected: 0, oldestSavedAt: null }),
  sendNow: () => undefined,
  onChange: () => () => undefined,
};

const itemsSchema: z.ZodType<{ readonly items: readonly { readonly id: string }[] }> = z.object({
  items: z.array(z.looseObject({ id: z.string() })),
});

/** One for all tills of the process that trust the same: they share its sockets. */
const fetches = new Map<string | null, Fetch>();

function fetchOf(caPem: string | null): Fetch {
  const fetch = fetches.get(caPem) ?? createFetch(caPem);
  fetches.set(caPem, fetch);
  return fetch;
}

export async function openStormTill(
  { backendUrl, amqpUrl, issuer, caPem }: FleetAddresses,
  { licenseKey: keyText, terminalId, keyPem, folder }: FleetTill,
): Promise<StormTill> {
  const licenseKey = parseLicenseKey(keyText);
  const clock = systemTillClock;
  const logger = silentLogger;
  mkdirSync(folder, { recursive: true });
  const counters = new Counters();
  const fetch = circuitFetch(fetchOf(caPem ?? null), {
    what: 'The backend',
    code: 'backend_unavailable',
    openMaxMs: 4_000,
    probesAlone: true,
  });
  const keys = new KeptMessageKeys({
    dataDir: folder,
    ask: (signal) => askMessageKeys({ baseUrl: backendUrl, fetch }, signal),
    logger,
  });
  const credentials = new TokenCredentials({
    backendUrl,
    fetch,
    terminalId,
    issuer,
    key: await tillKeyOfPem(keyPem),
    clock,
    monotonicMs: () => performance.now(),
    random: Math.random,
    logger,
    licenseKey,
    terminalName: 'Storm',
    brokerUrls: [amqpUrl],
    onToken: (_token, { message_keys }) => {
      counters.add('token_received');
      keys.learn(message_keys);
    },
  });
  const store = new TillStore({
    path: join(folder, CATALOG_FILE),
    licenseKey,
    onSetAside: () => counters.add('catalog_set_aside'),
  });
  const driver = new ReplicaDriver({
    licenseKey,
    store,
    client: new SyncClient({ baseUrl: backendUrl, licenseKey, credentials, fetch }, () => clock.steadyMs()),
    keys,
    clock,
    random: Math.random,
    unsentSales: () => 0,
    instance: countStart(folder, logger),
    counters,
    logger,
    onNews: (news) => view.take(news),
    onDeafLine: () => line.renew(),
  });
  const view = new TillView(
    { licenseKey, terminalId, terminalName: 'Storm' },
    store,
    driver,
    NO_SALES,
    clock,
  );
  const connection = new BrokerConnection({
    urls: credentials.brokerUrls,
    credentials: credentials.broker,
    refusedBackoff: TOKEN_REFUSED_BACKOFF,
    connectionName: `tillcast terminal ${terminalId}`,
    ...(caPem === undefined ? {} : { tls: { ca: caPem } }),
    logger,
  });
  const attemptsMs: number[] = [];
  connection.onStateChange(({ status }) => {
    if (status === 'connecting') attemptsMs.push(performance.timeOrigin + performance.now());
  });
  let attached = false;
  const subscriber = new Subscriber({
    connection,
    terminalId,
    bindings: bindingsOf(licenseKey),
    handler: (delivery) => driver.deliver(delivery),
    onError: () => counters.add('delivery_failed'),
    onAttached: () => {
      attached = true;
      driver.attached();
    },
    onDetached: () => {
      attached = false;
      driver.detached();
    },
  });
  const line = new RenewableLine(subscriber, logger);
  credentials.start(connection, {
    refused: (code) => driver.refused(code),
    admitted: () => driver.requestSync(),
  });
  driver.start();
  connection.start();
  line.start();
  return {
    sample: () => {
      const { status, reason, epoch, version, digest } = view.state();
      return { status, reason, attached, epoch, version, digest };
    },
    contentSum: () => {
      const sum = new DigestSum();
      for (const kind of ITEM_KINDS) {
        const { items } = itemsSchema.parse(JSON.parse(view.itemsJson(kind)));
        for (const item of items) sum.add(rowDigest(kind, item.id, JSON.stringify(item)));
      }
      return sum.toString();
    },
    counters,
    attemptsMs,
    stop: async () => {
      await credentials.stop();
      await line.stop();
      await connection.stop();
      await keys.stop();
      await driver.stop();
      store.close();
    },
  };
}
