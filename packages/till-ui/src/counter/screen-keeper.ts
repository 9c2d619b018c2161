import type { CounterApi } from './counter-api.ts';
import type { Screen } from './place.ts';

interface Parts {
  readonly api: Pick<CounterApi, 'keepScreen'>;
  readonly report: (what: string, cause: unknown) => void;
}

/** Tells the till what the screen shows: one telling at a time, the newest last. */
export function screenKeeper({ api, report }: Parts): { keep(screen: Screen): void } {
  let kept = '';
  let next: Screen | null = null;
  let busy = false;
  const run = async (): Promise<void> => {
    busy = true;
    while (next !== null) {
      const screen = next;
      next = null;
      try {
        await api.keepScreen(screen);
      } catch (error) {
        // What is shown next is told again; until then a power cut would bring back an older screen.
        report('The till did not keep what the screen shows.', error);
      }
    }
    busy = false;
  };
  return {
    keep: (screen) => {
      const text = JSON.stringify(screen);
      if (text === kept) return;
      kept = text;
      next = screen;
      if (!busy) void run();
    },
  };
}
