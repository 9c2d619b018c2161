import { batch, type ReadonlySignal, signal } from '@preact/signals';
import type { ItemEvent } from '@tillcast/protocol/http/terminal-api';
import type { TillApi } from '../server/api.ts';
import type { Clock } from '../server/clock.ts';
import { type Catalog, catalogOf, EMPTY_CATALOG, withRows } from './catalog.ts';
import {
  currentFlashes,
  flashesAfter,
  NO_FLASHES,
  nextFlashEndMs,
  type PriceFlashes,
} from './price-flash.ts';

const READ_RETRY_MS = 1_000;
/** Changes that come in a burst are drawn together. */
const GATHER_MS = 30;

export interface CatalogStore {
  /** Null before it was first read. */
  readonly catalog: ReadonlySignal<Catalog | null>;
  /** Whether a read is under way or due: the catalog shown may be old. */
  readonly reading: ReadonlySignal<boolean>;
  readonly flashes: ReadonlySignal<PriceFlashes>;
  /** Reads everything; when a read is under way, once more after it. */
  readAnew(): void;
  /** Rows that a change touched. */
  take(rows: readonly ItemEvent[]): void;
}

interface Parts {
  readonly api: Pick<TillApi, 'items'>;
  readonly clock: Clock;
  readonly report: (what: string, cause: unknown) => void;
}

export function catalogStore({ api, clock, report }: Parts): CatalogStore {
  const catalog = signal<Catalog | null>(null);
  const reading = signal(false);
  const flashes = signal<PriceFlashes>(NO_FLASHES);
  let due = false;
  let failing = false;
  let gathered: readonly ItemEvent[] = [];
  let gathering = false;
  let cancelFlashEnd: (() => void) | null = null;

  const show = (after: Catalog, ids?: Iterable<string>): void => {
    const before = catalog.peek();
    batch(() => {
      catalog.value = after;
      if (before === null) return;
      const now = clock.monotonicMs();
      flashes.value = flashesAfter(flashes.peek(), before.products, after.products, now, ids);
    });
    endFlashesInTime();
  };

  const endFlashesInTime = (): void => {
    cancelFlashEnd?.();
    const endMs = nextFlashEndMs(flashes.peek());
    if (endMs === null) return;
    cancelFlashEnd = clock.after(Math.max(0, endMs - clock.monotonicMs()), () => {
      flashes.value = currentFlashes(flashes.peek(), clock.monotonicMs());
      endFlashesInTime();
    });
  };

  const showGathered = (): void => {
    gathering = false;
    // While a read is under way the rows wait for it, and are put on top: each row's last word is the newest.
    if (reading.peek() || gathered.length === 0) return;
    const rows = gathered;
    gathered = [];
    show(
      withRows(catalog.peek() ?? EMPTY_CATALOG, rows),
      rows.filter(({ kind }) => kind === 'product').map(({ id }) => id),
    );
  };

  const read = async (): Promise<void> => {
    due = false;
    try {
      const [category, modifier, product, table, user] = await Promise.all([
        api.items('category'),
        api.items('modifier'),
        api.items('product'),
        api.items('table'),
        api.items('user'),
      ]);
      const rows = gathered;
      gathered = [];
      show(withRows(catalogOf({ category, modifier, product, table, user }), rows));
      failing = false;
    } catch (error) {
      if (!failing) report('The catalog could not be read from the till; it is tried again.', error);
      failing = true;
      clock.after(READ_RETRY_MS, () => void read());
      return;
    }
    if (due) void read();
    else reading.value = false;
  };

  return {
    catalog,
    reading,
    flashes,
    readAnew: () => {
      if (reading.peek()) {
        due = true;
        return;
      }
      reading.value = true;
      void read();
    },
    take: (rows) => {
      gathered = [...gathered, ...rows];
      if (gathering) return;
      gathering = true;
      clock.after(GATHER_MS, showGathered);
    },
  };
}
