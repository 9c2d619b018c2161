import type { Activity, ItemEvent } from '@tillcast/protocol/http/terminal-api';
import { readActivity, readItemEvents, readState, type TillState } from './answers.ts';

const COUNTER_PARTS = ['order', 'sales', 'session'] as const;

export type CounterPart = (typeof COUNTER_PARTS)[number];

/** What the event stream of the till's server tells. */
export interface EventHandlers {
  opened(): void;
  state(state: TillState): void;
  items(rows: readonly ItemEvent[]): void;
  /** Everything may have changed. */
  catalog(): void;
  activity(line: Activity): void;
  /** Orders, sales or who is signed in have changed. */
  counter(changed: CounterPart): void;
  /** The stream has ended, or said what is not readable. It is closed, and must be opened again. */
  failed(cause: unknown): void;
}

/** Opens the stream; what it returns closes it. */
export type OpenEvents = (handlers: EventHandlers) => () => void;

export const openEvents: OpenEvents = (handlers) => {
  const source = new EventSource('/api/events');
  const fail = (cause: unknown): void => {
    // EventSource would open itself again, but by its own times and without saying that it missed something.
    source.close();
    handlers.failed(cause);
  };
  const on = <T>(type: string, read: (value: unknown) => T, handle: (value: T) => void): void => {
    source.addEventListener(type, (event: MessageEvent<unknown>) => {
      try {
        handle(read(JSON.parse(String(event.data))));
      } catch (error) {
        fail(error);
      }
    });
  };
  source.addEventListener('open', () => handlers.opened());
  source.addEventListener('error', () => fail(new Error('The event stream has ended.')));
  on('state', readState, (state) => handlers.state(state));
  on('items', readItemEvents, (rows) => handlers.items(rows));
  on(
    'catalog',
    (value) => value,
    () => handlers.catalog(),
  );
  on('activity', readActivity, (line) => handlers.activity(line));
  for (const type of COUNTER_PARTS) {
    on(
      type,
      (value) => value,
      () => handlers.counter(type),
    );
  }
  return () => source.close();
};
