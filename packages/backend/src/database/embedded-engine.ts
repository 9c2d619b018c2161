import { Worker } from 'node:worker_threads';
import type { WorkerReply, WorkerRequest, WorkerStart } from './embedded-protocol.ts';
import { unavailable } from './sql-error.ts';
import type { RawRow, SqlValue } from './statement.ts';

/** An error of the embedded engine, with its SQLSTATE as `code`, as `pg`'s errors have it. */
export class EmbeddedError extends Error {
  readonly code: string | null;

  constructor(message: string, code: string | null) {
    super(message);
    this.name = 'EmbeddedError';
    this.code = code;
  }
}

interface Pending {
  readonly resolve: (rows: readonly RawRow[]) => void;
  readonly reject: (error: Error) => void;
}

type Ask =
  | { readonly ask: 'query'; readonly text: string; readonly values: readonly SqlValue[] }
  | { readonly ask: 'execute'; readonly script: string }
  | { readonly ask: 'close' };

/** PGlite in a worker thread: one connection, statements answered in the order in which they were asked. */
export class EmbeddedEngine {
  readonly #worker: Worker;
  readonly #onNotification: (channel: string, payload: string) => void;
  readonly #pending = new Map<number, Pending>();
  #nextId = 1;
  #dead: Error | undefined;

  private constructor(worker: Worker, onNotification: (channel: string, payload: string) => void) {
    this.#worker = worker;
    this.#onNotification = onNotification;
    worker.on('error', (error) => this.#die(error instanceof Error ? error : new Error(String(error))));
    worker.on('exit', (code) => this.#die(new Error(`the embedded database's thread ended (${code})`)));
    worker.on('message', (reply: WorkerReply) => this.#onReply(reply));
  }

  /** Starts the thread and resolves when the data directory is open. */
  static async open(
    dataDir: string,
    onNotification: (channel: string, payload: string) => void,
  ): Promise<EmbeddedEngine> {
    const start: WorkerStart = { dataDir };
    const worker = new Worker(new URL('./embedded-worker.ts', import.meta.url), { workerData: start });
    const engine = new EmbeddedEngine(worker, onNotification);
    await new Promise<readonly RawRow[]>((resolve, reject) => engine.#pending.set(0, { resolve, reject }));
    return engine;
  }

  ask(ask: Ask): Promise<readonly RawRow[]> {
    if (this.#dead !== undefined) return Promise.reject(unavailable(this.#dead.message, this.#dead));
    const id = this.#nextId;
    this.#nextId += 1;
    return new Promise((resolve, reject) => {
      this.#pending.set(id, { resolve, reject });
      const request: WorkerRequest = { ...ask, id };
      this.#worker.postMessage(request);
    });
  }

  /** Writes everything to the data directory and ends the thread. */
  async close(): Promise<void> {
    if (this.#dead !== undefined) return;
    const exited = new Promise<void>((resolve) => this.#worker.once('exit', () => resolve()));
    await this.ask({ ask: 'close' });
    await exited;
  }

  #onReply(reply: WorkerReply): void {
    switch (reply.say) {
      case 'ready':
        return this.#take(0)?.resolve([]);
      case 'done':
        return this.#take(reply.id)?.resolve(reply.rows);
      case 'failed':
        return this.#take(reply.id ?? 0)?.reject(new EmbeddedError(reply.message, reply.code));
      case 'notified':
        return this.#onNotification(reply.channel, reply.payload);
    }
  }

  #take(id: number): Pending | undefined {
    const pending = this.#pending.get(id);
    this.#pending.delete(id);
    return pending;
  }

  #die(error: Error): void {
    this.#dead ??= error;
    for (const pending of this.#pending.values()) pending.reject(unavailable(error.message, error));
    this.#pending.clear();
  }
}
