import { batch, computed, type ReadonlySignal, signal } from '@preact/signals';
import { type ActivityStore, activityStore } from '../activity/activity-store.ts';
import { type CatalogStore, catalogStore } from '../catalog/catalog-store.ts';
import type { TillState } from '../server/answers.ts';
import type { TillApi } from '../server/api.ts';
import type { Clock } from '../server/clock.ts';
import { connect } from '../server/connection.ts';
import type { CounterPart, OpenEvents } from '../server/events.ts';
import { isReachable, SILENCE_MAX_MS } from '../server/health.ts';
import { type StatusView, statusView } from '../status/status-view.ts';
import { ASKING, answered, IDLE, type SyncRun, unreachable } from '../status/sync-answer.ts';

const TICK_MS = 500;

/** All that the page knows of the till, and what it can ask of it. */
export interface Till {
  readonly state: ReadonlySignal<TillState | null>;
  readonly reachable: ReadonlySignal<boolean>;
  readonly status: ReadonlySignal<StatusView>;
  readonly sync: ReadonlySignal<SyncRun>;
  readonly catalog: CatalogStore;
  readonly activity: ActivityStore;
  /** The time of day in epoch milliseconds, moving on twice a second. */
  readonly wallMs: ReadonlySignal<number>;
  syncNow(): void;
  /** Forgets what the last "Sync now" came to. */
  forgetSync(): void;
  /**
   * Calls back with what has changed of orders, sales or who is signed in: `session` where all may have. The function
   * that it returns ends that.
   */
  onCounter(call: (changed: CounterPart) => void): () => void;
  /** Looks at once, as when the page comes to the front again. */
  wake(): void;
  stop(): void;
}

export interface TillParts {
  readonly api: TillApi;
  readonly openEvents: OpenEvents;
  readonly clock: Clock;
  readonly report: (what: string, cause: unknown) => void;
}

export function startTill(parts: TillParts): Till {
  const { api, clock } = parts;
  const startedAtMs = clock.monotonicMs();
  const state = signal<TillState | null>(null);
  const heardAtMs = signal<number | null>(null);
  const lost = signal(false);
  const eventsOpen = signal(false);
  const nowMs = signal(startedAtMs);
  const wallMs = signal(clock.wallMs());
  const counterCalls = new Set<(changed: CounterPart) => void>();
  const tellCounter = (changed: CounterPart): void => {
    for (const call of counterCalls) call(changed);
  };
  const sync = signal<SyncRun>(IDLE);
  const catalog = catalogStore(parts);
  const activity = activityStore(parts);

  const reachable = computed(
    // What was heard since the last tick was heard now.
    () => !lost.value && isReachable(heardAtMs.value, Math.max(nowMs.value, heardAtMs.value ?? 0)),
  );
  const status = computed(() =>
    statusView({
      state: state.value,
      reachable: reachable.value,
      starting: heardAtMs.value === null && !lost.value && nowMs.value - startedAtMs <= SILENCE_MAX_MS,
      current: eventsOpen.value && !catalog.reading.value && catalog.catalog.value !== null,
    }),
  );

  const tick = (): void => {
    batch(() => {
      nowMs.value = clock.monotonicMs();
      wallMs.value = clock.wallMs();
    });
  };
  let cancelTick = clock.after(TICK_MS, function again() {
    tick();
    cancelTick = clock.after(TICK_MS, again);
  });

  const connection = connect(parts, {
    heard: () => {
      batch(() => {
        heardAtMs.value = clock.monotonicMs();
        lost.value = false;
      });
    },
    lost: () => {
      lost.value = true;
    },
    opened: () => {
      eventsOpen.value = true;
      catalog.readAnew();
      activity.readAnew();
      tellCounter('session');
    },
    closed: () => {
      eventsOpen.value = false;
      connection.askNow();
    },
    state: (next) => {
      state.value = next;
    },
    items: (rows) => {
      catalog.take(rows);
      // Who may sign in, and whether anybody has to, is another.
      if (rows.some(({ kind }) => kind === 'user')) tellCounter('session');
    },
    catalog: () => {
      catalog.readAnew();
      activity.readAnew();
      tellCounter('session');
    },
    activity: (line) => activity.take(line),
    counter: tellCounter,
  });

  const runSync = async (): Promise<void> => {
    sync.value = ASKING;
    try {
      sync.value = answered(await api.syncNow());
    } catch (error) {
      parts.report('Sync now was not answered.', error);
      sync.value = unreachable();
    }
    connection.askNow();
  };

  return {
    state,
    reachable,
    status,
    sync,
    catalog,
    activity,
    wallMs,
    syncNow: () => {
      if (sync.peek().is !== 'asking') void runSync();
    },
    forgetSync: () => {
      if (sync.peek().is === 'answered') sync.value = IDLE;
    },
    onCounter: (call) => {
      counterCalls.add(call);
      return () => counterCalls.delete(call);
    },
    wake: () => {
      tick();
      connection.askNow();
    },
    stop: () => {
      cancelTick();
      connection.stop();
    },
  };
}
