import { createReadStream } from 'node:fs';
import { join } from 'node:path';
import { setTimeout as pause } from 'node:timers/promises';
import { fileURLToPath } from 'node:url';
import { createGunzip } from 'node:zlib';
import type { Fetch } from '@tillcast/broker';
import { ADMIN_PATHS, type CommitResult, commitResultSchema } from '@tillcast/protocol/http/admin-api';
import { type RecordedChange, readPriceChanges } from '../../../packages/cli/src/replay/price-changes.ts';
import { API_KEY, type Cluster } from './cluster.ts';

/** A real shop's catalog, and ten months of its price changes. */
const data = (file: string): string =>
  join(fileURLToPath(new URL('../../../demo/online-retail', import.meta.url)), file);

export const PRODUCTS_FILE: string = data('products.csv');

/** So many requests are under way at a time: one that hangs at a stopped backend holds up no other. */
const AT_ONCE = 4;
const TIMEOUT_MS = 5_000;

/** Price changes that go on until they are stopped. */
export interface PriceStream {
  /** What was acknowledged so far, by license. */
  readonly acknowledged: ReadonlyMap<string, readonly CommitResult[]>;
  /** How many were not. */
  readonly refused: () => number;
  /** The longest time without an acknowledgement since it was last asked. */
  readonly takePauseMs: () => number;
  /** Resolves when the last one is answered. */
  readonly stop: () => Promise<void>;
}

async function recordedMoments(): Promise<readonly (readonly RecordedChange[])[]> {
  const content = createReadStream(data('price_changes.csv.gz')).pipe(createGunzip());
  const changes = await readPriceChanges(content, {
    fromMs: undefined,
    untilMs: undefined,
    limit: undefined,
  });
  return [...Map.groupBy(changes, ({ atMs }) => atMs).values()];
}

/**
 * Sets the recorded prices, moment by moment, in one shop after the other, as an operator does: by HAProxy, and what is
 * refused is not asked again.
 */
export async function startPriceStream(
  cluster: Cluster,
  shops: readonly string[],
  perSecond: number,
): Promise<PriceStream> {
  const moments = await recordedMoments();
  const acknowledged = new Map<string, CommitResult[]>(shops.map((shop) => [shop, []]));
  let [turn, refused, lastMs, pauseMs] = [0, 0, performance.now(), 0];
  let going = true;
  const look = (): void => {
    pauseMs = Math.max(pauseMs, performance.now() - lastMs);
  };
  const run = async (): Promise<void> => {
    while (going) {
      const mine = turn;
      turn += 1;
      const shop = shops[mine % shops.length] ?? '';
      const moment = moments[Math.floor(mine / shops.length) % moments.length] ?? [];
      const [outcome] = await Promise.allSettled([
        commitMoment(cluster, shop, moment),
        pause((1_000 * AT_ONCE) / perSecond),
      ]);
      if (outcome.status === 'rejected') {
        refused += 1;
        continue;
      }
      look();
      lastMs = performance.now();
      acknowledged.get(shop)?.push(outcome.value);
    }
  };
  const running = Promise.all(Array.from({ length: AT_ONCE }, run));
  return {
    acknowledged,
    refused: () => refused,
    takePauseMs: () => {
      look();
      const taken = pauseMs;
      pauseMs = 0;
      return Math.round(taken);
    },
    stop: async () => {
      going = false;
      await running;
    },
  };
}

async function commitMoment(
  cluster: { readonly apiUrl: string; readonly fetch: Fetch },
  shop: string,
  moment: readonly RecordedChange[],
): Promise<CommitResult> {
  const operations = moment.map(({ sku, newMinor }) => ({
    op: 'set_price',
    product_id: sku,
    price: newMinor / 100,
  }));
  const answer = await cluster.fetch(cluster.apiUrl + ADMIN_PATHS.changes(shop), {
    method: 'POST',
    headers: { authorization: `Bearer ${API_KEY}`, 'content-type': 'application/json' },
    body: JSON.stringify({ operations }),
    signal: AbortSignal.timeout(TIMEOUT_MS),
  });
  const text = await answer.text();
  if (!answer.ok) throw new Error(`${answer.status} ${text.slice(0, 200)}`);
  return commitResultSchema.parse(JSON.parse(text));
}
