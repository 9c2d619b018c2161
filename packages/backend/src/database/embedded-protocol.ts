import type { SqlValue } from './statement.ts';

/** What the embedded engine's worker thread is started with. */
export interface WorkerStart {
  readonly dataDir: string;
}

/** A request to the worker thread; `id` comes back with the reply. */
export type WorkerRequest =
  | {
      readonly id: number;
      readonly ask: 'query';
      readonly text: string;
      readonly values: readonly SqlValue[];
    }
  | { readonly id: number; readonly ask: 'execute'; readonly script: string }
  | { readonly id: number; readonly ask: 'close' };

/** What the worker thread says. `ready` or `failed` without an id comes first, once. */
export type WorkerReply =
  | { readonly say: 'ready' }
  | { readonly say: 'done'; readonly id: number; readonly rows: readonly Readonly<Record<string, unknown>>[] }
  | {
      readonly say: 'failed';
      readonly id: number | null;
      readonly message: string;
      readonly code: string | null;
    }
  | { readonly say: 'notified'; readonly channel: string; readonly payload: string };
