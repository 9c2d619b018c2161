import type { Activity, Notice, SyncNowAnswer, TerminalState } from '@tillcast/protocol/http/terminal-api';
import type { ItemKind } from '@tillcast/protocol/items/kind';
import type { LicenseKey } from '@tillcast/protocol/license-key';
import type { TillFigures } from './metrics/till-metrics.ts';
import { pageText } from './page-item.ts';
import type { ReplicaDriver } from './replica/driver.ts';
import type { TillNews } from './replica/news.ts';
import { syncNow } from './replica/sync-now.ts';
import { terminalStateOf } from './replica/terminal-state.ts';
import { isoOf, type TillClock } from './replica/till-clock.ts';
import type { ShownSales } from './sales/till-sales.ts';
import type { TillStore } from './store/till-store.ts';
import { activityEvent, changeEvent, stateEvent, type TillEvent } from './till-events.ts';

/** Whose till it is. */
export interface TillIdentity {
  readonly licenseKey: LicenseKey;
  readonly terminalId: string;
  readonly terminalName: string;
}

/** How often it is looked whether time alone has changed the state: a proof ages, a notice expires. */
const LOOK_INTERVAL_MS = 1_000;

/** So many lines of the log are shown. */
const ACTIVITY_SHOWN = 200;

/** What the till shows of itself, and the events that tell of each change of it. */
export class TillView {
  readonly #identity: TillIdentity;
  readonly #store: TillStore;
  readonly #driver: ReplicaDriver;
  readonly #sales: ShownSales;
  readonly #clock: TillClock;
  readonly #snapshotBytes: () => number | null;
  readonly #listeners = new Set<(event: TillEvent) => void>();
  #notices: readonly Notice[] = [];
  #told = '';
  #telling: NodeJS.Immediate | null = null;
  #callOffLook: () => void = () => undefined;
  #ignoreChanges: () => void = () => undefined;

  constructor(
    identity: TillIdentity,
    store: TillStore,
    driver: ReplicaDriver,
    sales: ShownSales,
    clock: TillClock,
    snapshotBytes: () => number | null = () => null,
  ) {
    this.#identity = identity;
    this.#store = store;
    this.#driver = driver;
    this.#sales = sales;
    this.#clock = clock;
    this.#snapshotBytes = snapshotBytes;
  }

  start(): void {
    this.#readNotices();
    const ignored = [
      this.#driver.onChange(() => this.#tellSoon()),
      this.#sales.onChange(() => this.#tellSoon()),
    ];
    this.#ignoreChanges = () => {
      for (const ignore of ignored) ignore();
    };
    this.#look();
  }

  stop(): void {
    this.#ignoreChanges();
    this.#callOffLook();
    if (this.#telling !== null) clearImmediate(this.#telling);
    this.#telling = null;
    this.#listeners.clear();
  }

  state(): TerminalState {
    const { replica, nextRetryAtMs } = {
      replica: this.#driver.state,
      nextRetryAtMs: this.#driver.nextRetryAtMs,
    };
    const now = this.#serverNow();
    const notices = this.#notices.filter(({ expires_at }) => expires_at > now);
    const items = this.#store.counts;
    const { cloned } = this.#driver;
    const sales = this.#sales.countUnsent();
    const snapshotBytes = this.#snapshotBytes();
    const parts = {
      ...this.#identity,
      replica,
      cloned,
      nextRetryAtMs,
      snapshotBytes,
      clockOffsetMs: this.#driver.serverClock.offsetMs,
      sales,
      items,
      notices,
    };
    return terminalStateOf(parts, this.#clock);
  }

  /** `{"items":[…]}` with one kind's items as the page gets them. @throws TillcastError `database_unavailable` */
  itemsJson(kind: ItemKind): string {
    const texts = this.#store.bodies(kind).map((body) => pageText(kind, body));
    return `{"items":[${texts.join(',')}]}`;
  }

  /** Newest first. @throws TillcastError `database_unavailable` */
  activity(): readonly Activity[] {
    return this.#store.activity(ACTIVITY_SHOWN);
  }

  /** Asks the server now; answers within 2 s. */
  syncNow(): Promise<SyncNowAnswer> {
    this.#sales.sendNow();
    return syncNow(this.#driver, this.#clock);
  }

  /** What operators and tests want to know beyond the state. */
  health(): Readonly<Record<string, unknown>> {
    const { state, serverClock, counters } = this.#driver;
    return {
      status: 'ok',
      replica: state.name,
      attached: state.attached,
      version: state.cursor?.version ?? null,
      clock_offset_ms: serverClock.offsetMs,
      counts: counters,
    };
  }

  /** What the metrics tell. */
  figures(): TillFigures {
    const { offsetMs } = this.#driver.serverClock;
    return { state: this.state(), clockOffsetMs: offsetMs, nowMs: this.#clock.nowMs() };
  }

  /** Calls back with each event; the function that it returns ends that. */
  onEvent(listener: (event: TillEvent) => void): () => void {
    this.#listeners.add(listener);
    return () => this.#listeners.delete(listener);
  }

  /** Tells everyone who listens of something that is no part of the state. */
  tell(event: TillEvent): void {
    this.#emit(event);
  }

  /** Takes what the driver tells. */
  take(news: TillNews): void {
    if (news.news === 'activity' && news.line.type.startsWith('broadcast.')) this.#readNotices();
    if (this.#listeners.size === 0) return;
    this.#emit(news.news === 'catalog' ? changeEvent(news.change) : activityEvent(news.line));
  }

  #readNotices(): void {
    // All of them: which are in force is asked at each look, by what is known of the server's time by then.
    this.#notices = this.#store.notices('');
  }

  #serverNow(): string {
    return isoOf(this.#driver.serverClock.nowMs());
  }

  /** Once for all that happens in one turn of the event loop. */
  #tellSoon(): void {
    this.#telling ??= setImmediate(() => {
      this.#telling = null;
      this.#tell();
    });
  }

  #look(): void {
    this.#tell();
    this.#callOffLook = this.#clock.after(LOOK_INTERVAL_MS, () => this.#look());
  }

  /** Tells the state where it is not what was told last. */
  #tell(): void {
    if (this.#listeners.size === 0) return;
    const event = stateEvent(this.state());
    if (event.json === this.#told) return;
    this.#told = event.json;
    this.#emit(event);
  }

  #emit(event: TillEvent): void {
    for (const listener of this.#listeners) listener(event);
  }
}
