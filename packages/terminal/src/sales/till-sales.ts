import { join } from 'node:path';
import { circuitFetch, type Fetch, type Logger } from '@tillcast/broker';
import type { SaleId } from '@tillcast/protocol/sales/sale-id';
import type { TillCredentials } from '../identity/till-credentials.ts';
import type { Counters } from '../replica/counters.ts';
import type { TillClock } from '../replica/till-clock.ts';
import { openSales, SALES_FILE } from './open-sales.ts';
import type { Verdict } from './outbox-plan.ts';
import { SalesFile } from './sales-file.ts';
import type { UnsentSales } from './sales-table.ts';
import { Uploader } from './uploader.ts';

export interface TillSalesParts {
  /** The till's folder. */
  readonly dataDir: string;
  /** To the server, without a circuit breaker. */
  readonly fetch: Fetch;
  readonly credentials: TillCredentials;
  readonly backendUrl: string;
  readonly clock: TillClock;
  readonly counters: Counters;
  readonly logger: Logger;
  readonly onVerdicts?: (verdicts: readonly Verdict<SaleId>[]) => void;
}

/** What a till shows of its sales, and what its button does for them. */
export interface ShownSales {
  countUnsent(): UnsentSales;
  /** Somebody at the till wants what waits to be tried now. */
  sendNow(): void;
  /** Calls back when some sale's state is another; the function that it returns ends that. */
  onChange(listener: () => void): () => void;
}

/** A till's sales and their way to the server. */
export class TillSales implements ShownSales {
  readonly file: SalesFile;
  readonly #uploader: Uploader;
  readonly #listeners = new Set<() => void>();

  constructor(file: SalesFile, uploaderOn: (onChange: () => void) => Uploader) {
    this.file = file;
    this.#uploader = uploaderOn(() => this.#changed());
  }

  /** What is on its way at this moment, when the next try is, and why the last one did not get there. */
  get upload(): Pick<Uploader, 'sending' | 'nextTryAtMs' | 'trouble'> {
    return this.#uploader;
  }

  countUnsent(): UnsentSales {
    return this.file.countUnsent();
  }

  start(): void {
    this.#uploader.start();
  }

  /** A sale was saved, or is to be sent again. */
  wake(): void {
    this.#changed();
    this.#uploader.wake();
  }

  sendNow(): void {
    this.#uploader.sendNow();
  }

  /** The server has named its history. @throws TillcastError `till_disk_full` where that cannot be kept */
  heardHistory(epoch: string): void {
    this.#uploader.heardHistory(epoch);
  }

  onChange(listener: () => void): () => void {
    this.#listeners.add(listener);
    return () => this.#listeners.delete(listener);
  }

  /** What waits is sent after the next start. Idempotent. */
  async stop(): Promise<void> {
    await this.#uploader.stop();
    this.file.close();
  }

  #changed(): void {
    for (const listener of this.#listeners) listener();
  }
}

/**
 * Opens a till's sales. They have a circuit breaker of their own: what waits on the way up is no matter of what comes down.
 * @throws TillcastError `unsent_sales`, `data_in_use`, `database_unavailable`
 */
export function openTillSales(parts: TillSalesParts): TillSales {
  const { dataDir, credentials, backendUrl, clock, counters, logger, onVerdicts } = parts;
  const owner = { licenseKey: credentials.licenseKey, terminalId: credentials.terminalId };
  const open = openSales(join(dataDir, SALES_FILE), owner, (setAside) => {
    counters.add('sales_set_aside');
    logger.error(
      setAside,
      'The sales file was damaged: it was set aside, and what can be read of it goes on',
    );
  });
  const file = new SalesFile(open);
  const fetch = circuitFetch(parts.fetch, {
    what: 'The backend',
    code: 'backend_unavailable',
    openMaxMs: 8_000,
    probesAlone: true,
  });
  const peer = { baseUrl: backendUrl, credentials: credentials.sales, fetch };
  return new TillSales(
    file,
    (onChange) =>
      new Uploader({
        ...{ file, peer, clock, random: Math.random, logger, onChange },
        ...(onVerdicts === undefined ? {} : { onVerdicts }),
      }),
  );
}
