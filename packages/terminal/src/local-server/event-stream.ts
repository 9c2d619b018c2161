import type { ServerResponse } from 'node:http';
import { catalogEvent, stateEvent, type TillEvent } from '../till-events.ts';
import type { TillView } from '../till-view.ts';

/** What a stream tells of. */
export type EventSource = Pick<TillView, 'state' | 'onEvent'>;

/** A reader that is so far behind gets no more events until it has read what waits for it. */
const BACKLOG_MAX_BYTES = 1_024 * 1_024;
/** A reader that reads nothing for so long is cut off. */
const STALLED_MAX_MS = 30_000;
const HEARTBEAT_INTERVAL_MS = 15_000;

/** One reader's stream of server-sent events, in bounded memory. */
export class EventStream {
  readonly #response: ServerResponse;
  readonly #view: EventSource;
  readonly #stopListening: () => void;
  readonly #heartbeat: NodeJS.Timeout;
  #stalled: NodeJS.Timeout | null = null;

  /** The response's head must have been written. */
  constructor(response: ServerResponse, view: EventSource) {
    this.#response = response;
    this.#view = view;
    this.#stopListening = view.onEvent((event) => this.#send(event));
    this.#heartbeat = setInterval(() => this.#write(': still here\n\n'), HEARTBEAT_INTERVAL_MS);
    response.on('drain', () => this.#caughtUp());
    response.once('close', () => this.#release());
    this.#send(stateEvent(view.state()));
  }

  /** Ends the stream. */
  end(): void {
    this.#release();
    this.#response.end();
    // A reader that does not read would keep the server from closing.
    if (this.#response.writableNeedDrain) this.#response.destroy();
  }

  #send({ name, json }: TillEvent): void {
    this.#write(`event: ${name}\ndata: ${json}\n\n`);
  }

  #write(text: string): void {
    if (this.#stalled !== null) return;
    this.#response.write(text);
    if (this.#response.writableLength <= BACKLOG_MAX_BYTES) return;
    this.#stalled = setTimeout(() => this.#response.destroy(), STALLED_MAX_MS);
  }

  /** What was left out is made good by the state as it is, and by having the catalog read anew. */
  #caughtUp(): void {
    if (this.#stalled === null) return;
    clearTimeout(this.#stalled);
    this.#stalled = null;
    const state = this.#view.state();
    this.#send(stateEvent(state));
    this.#send(catalogEvent(state.version ?? 0));
  }

  #release(): void {
    this.#stopListening();
    clearInterval(this.#heartbeat);
    if (this.#stalled !== null) clearTimeout(this.#stalled);
  }
}
