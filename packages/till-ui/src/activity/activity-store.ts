import { type ReadonlySignal, signal } from '@preact/signals';
import type { Activity } from '@tillcast/protocol/http/terminal-api';
import type { TillApi } from '../server/api.ts';
import { withActivities } from './activity-view.ts';

export interface ActivityStore {
  /** Newest first, bounded; null before it was first read. */
  readonly log: ReadonlySignal<readonly Activity[] | null>;
  readAnew(): void;
  take(line: Activity): void;
}

interface Parts {
  readonly api: Pick<TillApi, 'activity'>;
  readonly report: (what: string, cause: unknown) => void;
}

export function activityStore({ api, report }: Parts): ActivityStore {
  const log = signal<readonly Activity[] | null>(null);
  /** Lines that came while the log was read, which may lack them. */
  let meanwhile: readonly Activity[] = [];
  const read = async (): Promise<void> => {
    meanwhile = [];
    try {
      // The till counts its lines anew when its store was lost, so old lines are not kept beside the new.
      log.value = withActivities(await api.activity(), meanwhile);
    } catch (error) {
      report('The activity log could not be read from the till.', error);
    }
  };
  return {
    log,
    readAnew: () => void read(),
    take: (line) => {
      meanwhile = withActivities(meanwhile, [line]);
      log.value = withActivities(log.peek() ?? [], [line]);
    },
  };
}
