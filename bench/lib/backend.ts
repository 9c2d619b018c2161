import { parseBackendConfig, type RunningBackend, startBackend } from '@tillcast/backend';
import { ADMIN_PATHS, IMPORT_MEDIA_TYPE } from '@tillcast/protocol/http/admin-api';
import { createDatabase } from '@tillcast/testkit';
import type { BenchContext } from './benchmark.ts';

const API_KEY = 'a-key-for-benchmarks-on-loopback-only';

/** A real backend on a database of its own, with what a benchmark asks of it. */
export interface BenchBackend extends AsyncDisposable {
  readonly url: string;
  readonly databaseUrl: string;
  /** Where the secret key is that opens its signing keys. */
  readonly dataDir: string;
  /** Asks the admin API; rejects where it refuses. */
  readonly admin: (path: string, body?: unknown) => Promise<unknown>;
  /** Imports operations as one change. */
  readonly importOperations: (licenseKey: string, lines: string) => Promise<void>;
}

export async function startBenchBackend(context: BenchContext): Promise<BenchBackend> {
  const database = await createDatabase(context.postgres.url);
  const dataDir = await context.folder();
  const config = parseBackendConfig({
    PORT: '0',
    DATABASE_URL: database.url,
    AMQP_URL: context.amqpUrl,
    TILLCAST_DATA_DIR: dataDir,
    TILLCAST_API_KEY: API_KEY,
    TILLCAST_AUTH: 'license-key',
    // One till asks as fast as it can, on purpose.
    TILLCAST_RATE_LIMITS: 'off',
    LOG_LEVEL: 'silent',
  });
  const backend: RunningBackend = await startBackend(config);
  const ask = async (path: string, type?: string, body?: string): Promise<unknown> => {
    const headers = {
      authorization: `Bearer ${API_KEY}`,
      ...(type === undefined ? {} : { 'content-type': type }),
    };
    const init = body === undefined ? {} : { method: 'POST', body };
    const answer = await fetch(backend.url + path, { ...init, headers });
    const text = await answer.text();
    if (!answer.ok) throw new Error(`${path}: ${answer.status} ${text}`);
    return JSON.parse(text);
  };
  return {
    url: backend.url,
    databaseUrl: database.url,
    dataDir,
    admin: (path, body) =>
      body === undefined ? ask(path) : ask(path, 'application/json', JSON.stringify(body)),
    importOperations: async (licenseKey, lines) => {
      await ask(ADMIN_PATHS.import(licenseKey), IMPORT_MEDIA_TYPE, lines);
    },
    [Symbol.asyncDispose]: async () => {
      await backend.stop();
      await database.drop();
    },
  };
}

/** A product of a made-up catalog. */
export function productOf(index: number, price: number): Record<string, unknown> {
  return {
    id: `SKU-${String(index).padStart(6, '0')}`,
    name: `Product number ${index} with a name of ordinary length`,
    price,
    currency: 'GBP',
    category_id: `CAT-${index % 20}`,
    barcode: String(5_000_000_000_000 + index),
    tax_percent: 20,
  };
}

/** `put` operations of a catalog, as an import's lines. */
export function catalogLines(items: number, price = 1.5): string {
  const lines = Array.from({ length: items }, (_, index) =>
    JSON.stringify({ op: 'put', kind: 'product', item: productOf(index, price) }),
  );
  return `${lines.join('\n')}\n`;
}

/** `set_price` operations for the first products of a catalog. */
export function priceLines(items: number, price: number): string {
  const lines = Array.from({ length: items }, (_, index) =>
    JSON.stringify({ op: 'set_price', product_id: productOf(index, price)['id'], price }),
  );
  return `${lines.join('\n')}\n`;
}
