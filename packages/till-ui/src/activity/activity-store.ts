import { type ReadonlySignal, signal } from '@preact/signals';
import type { Activity } from '@tillcast/protocol/http/terminal-api';
import type { TillApi } from '../server/api.ts';
import type { Clock } from '../server/clock.ts';
import { withActivities } from './activity-view.ts';

/** Lines that come in a burst are drawn together. */
const GATHER_MS = 100;

export interface ActivityStore {
  /** Newest first, bounded; null before it was first read. */
  readonly log: ReadonlySignal<readonly Activity[] | null>;
  readAnew(): void;
  take(line: Activity): void;
}

interface Parts {
  readonly api: Pick<TillApi, 'activity'>;
  readonly clock: Clock;
  readonly report: (what: string, cause: unknown) => void;
}

export function activityStore({ api, clock, report }: Parts): ActivityStore {
  const log = signal<readonly Activity[] | null>(null);
  let gathered: readonly Activity[] = [];
  let gathering = false;
  let reads = 0;

  const showGathered = (): void => {
    gathering = false;
    // Lines that come while the log is read wait for it: they may be in it, or not.
    if (reads > 0) return;
    log.value = withActivities(log.peek() ?? [], gathered);
    gathered = [];
  };

  const read = async (): Promise<void> => {
    reads += 1;
    try {
      // The till counts its lines anew when its store was lost, so old lines are not kept beside the new.
      log.value = withActivities([], await api.activity());
    } catch (error) {
      report('The activity log could not be read from the till.', error);
    }
    reads -= 1;
    showGathered();
  };

  return {
    log,
    readAnew: () => void read(),
    take: (line) => {
      gathered = withActivities(gathered, [line]);
      if (gathering) return;
      gathering = true;
      clock.after(GATHER_MS, showGathered);
    },
  };
}
