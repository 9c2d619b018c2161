import { randomUUID } from 'node:crypto';
import type { TerminalConfig } from '../config/terminal-config.ts';
import type { ReplicaDriver } from '../replica/driver.ts';
import { isoOf } from '../replica/till-clock.ts';
import type { TillSales } from '../sales/till-sales.ts';
import type { TillStore } from '../store/till-store.ts';
import type { TillView } from '../till-view.ts';
import { Counter } from './counter.ts';
import { Sessions } from './sessions.ts';
import { Shop } from './shop.ts';
import { StaffDesk } from './staff-desk.ts';
import { TillDesk } from './till-desk.ts';

export interface TillDeskParts {
  readonly config: TerminalConfig;
  readonly store: TillStore;
  readonly sales: TillSales;
  readonly driver: ReplicaDriver;
  readonly view: TillView;
  readonly backendUrl: string;
}

/** Puts together what stands behind the till's page. It ends with the parts that it is made of. */
export function openTillDesk({ config, store, sales, driver, view, backendUrl }: TillDeskParts): TillDesk {
  const now = (): string => isoOf(driver.serverClock.nowMs());
  const shop = new Shop(store);
  const staffDesk = new StaffDesk({ shop, file: sales.file, nowMs: Date.now });
  sales.onChange(() => view.tell({ name: 'sales', json: '{}' }));
  return new TillDesk({
    counter: new Counter({
      shop,
      sales,
      now,
      newId: randomUUID,
      onOrder: () => view.tell({ name: 'order', json: '{}' }),
    }),
    sessions: new Sessions(sales.file, staffDesk),
    staffDesk,
    sales,
    dataDir: config.dataDir,
    now,
    setup: () => ({ state: store.cursor === null ? 'loading' : 'done', backend_url: backendUrl }),
    onSession: () => view.tell({ name: 'session', json: '{}' }),
  });
}
