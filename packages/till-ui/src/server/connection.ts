import type { TillState } from './answers.ts';
import type { TillApi } from './api.ts';
import type { Clock } from './clock.ts';
import type { EventHandlers, OpenEvents } from './events.ts';
import { ASK_INTERVAL_MS, ASK_TIMEOUT_MS, eventsRetryDelayMs } from './health.ts';

/** What the connection reports. */
export interface ConnectionHandlers extends Omit<EventHandlers, 'failed'> {
  /** The server said something just now. */
  heard(): void;
  /** The server is not there, or what it says cannot be read: nothing that it said before holds. */
  lost(): void;
  /** The event stream is gone: changes are missed from here to the next `opened`. */
  closed(): void;
}

export interface Connection {
  /** Asks for the state now rather than at the next second. */
  askNow(): void;
  stop(): void;
}

interface Parts {
  readonly api: Pick<TillApi, 'state'>;
  readonly openEvents: OpenEvents;
  readonly clock: Clock;
  /** Told each trouble once, not each time that it is met again. */
  readonly report: (what: string, cause: unknown) => void;
}

/**
 * Keeps in touch with the till's server until stopped: an event stream, opened again with back-off, and
 * beside it a question each second, since a stopped process leaves its stream open.
 */
export function connect(parts: Parts, handlers: ConnectionHandlers): Connection {
  const events = keepEvents(parts, handlers);
  const questions = keepAsking(parts, {
    answered: (state, askedAtMs, afterSilence) => {
      handlers.heard();
      // What the stream said after the question was put is newer than the answer.
      if (events.lastStateAtMs() <= askedAtMs) handlers.state(state);
      if (afterSilence) events.openNow();
    },
    refused: () => handlers.lost(),
  });
  return {
    askNow: () => questions.askNow(),
    stop: () => {
      questions.stop();
      events.stop();
    },
  };
}

function keepEvents({ openEvents, clock, report }: Parts, handlers: ConnectionHandlers) {
  let close: (() => void) | null = null;
  let cancelRetry: (() => void) | null = null;
  let failures = 0;
  let lastStateAtMs = -Infinity;
  const heard = <A extends readonly unknown[]>(handle: (...args: A) => void) => {
    return (...args: A): void => {
      handlers.heard();
      handle(...args);
    };
  };
  const open = (): void => {
    cancelRetry = null;
    close = openEvents({
      opened: heard(() => {
        failures = 0;
        handlers.opened();
      }),
      state: heard((state) => {
        lastStateAtMs = clock.monotonicMs();
        handlers.state(state);
      }),
      items: heard((rows) => handlers.items(rows)),
      catalog: heard(() => handlers.catalog()),
      activity: heard((line) => handlers.activity(line)),
      counter: heard((changed) => handlers.counter(changed)),
      failed: (cause) => {
        close = null;
        failures += 1;
        if (failures === 1) report('The event stream of the till was lost; it is opened again.', cause);
        handlers.closed();
        cancelRetry = clock.after(eventsRetryDelayMs(failures), open);
      },
    });
  };
  open();
  return {
    lastStateAtMs: () => lastStateAtMs,
    /** The server answers again: its stream is worth a try at once. */
    openNow: (): void => {
      if (cancelRetry === null) return;
      cancelRetry();
      open();
    },
    stop: (): void => {
      cancelRetry?.();
      close?.();
    },
  };
}

interface Answered {
  readonly answered: (state: TillState, askedAtMs: number, afterSilence: boolean) => void;
  readonly refused: () => void;
}

function keepAsking({ api, clock, report }: Parts, told: Answered) {
  let stopped = false;
  let asking = false;
  let failing = false;
  let cancelNext: (() => void) | null = null;
  const ask = async (): Promise<void> => {
    asking = true;
    const askedAtMs = clock.monotonicMs();
    try {
      const state = await api.state(ASK_TIMEOUT_MS);
      const afterSilence = failing;
      failing = false;
      if (!stopped) told.answered(state, askedAtMs, afterSilence);
    } catch (error) {
      if (!failing) report('The till did not answer; it is asked again each second.', error);
      failing = true;
      // One slow answer may be a busy machine: that silence is left to grow too long by itself.
      if (!stopped && !isTimeout(error)) told.refused();
    }
    asking = false;
    const waitMs = Math.max(0, ASK_INTERVAL_MS - (clock.monotonicMs() - askedAtMs));
    if (!stopped) cancelNext = clock.after(waitMs, () => void ask());
  };
  void ask();
  return {
    askNow: (): void => {
      if (asking || stopped) return;
      cancelNext?.();
      void ask();
    },
    stop: (): void => {
      stopped = true;
      cancelNext?.();
    },
  };
}

function isTimeout(error: unknown): boolean {
  return error instanceof Error && error.name === 'TimeoutError';
}
