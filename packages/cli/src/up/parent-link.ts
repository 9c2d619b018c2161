import { isErrorCode, type TillcastError } from '@tillcast/protocol/errors';
import { z } from 'zod';

/** What a service that was started by `tillcast up` tells it. */
export type ChildReport =
  | { readonly type: 'ready'; readonly url: string }
  | { readonly type: 'failed'; readonly code: string; readonly message: string };

const reportSchema: z.ZodType<ChildReport, unknown> = z.discriminatedUnion('type', [
  z.object({ type: z.literal('ready'), url: z.string() }),
  z.object({ type: z.literal('failed'), code: z.string().refine(isErrorCode), message: z.string() }),
]);

/** A message over the channel as a report; null for anything else. */
export function parseReport(message: unknown): ChildReport | null {
  const parsed = reportSchema.safeParse(message);
  return parsed.success ? parsed.data : null;
}

/** The channel to the process that started this one, where there is one. */
export interface ParentLink {
  ready(url: string): void;
  failed(error: TillcastError): void;
  /** Aborts when the parent is no more: a service without its demo has no reason to stay. */
  readonly gone: AbortSignal;
  close(): void;
}

export function parentLink(): ParentLink {
  const gone = new AbortController();
  if (process.send === undefined) {
    return { ready: () => undefined, failed: () => undefined, gone: gone.signal, close: () => undefined };
  }
  process.once('disconnect', () => gone.abort());
  const tell = (report: ChildReport): void => {
    if (process.connected) process.send?.(report);
  };
  return {
    ready: (url) => tell({ type: 'ready', url }),
    failed: ({ code, message }) => tell({ type: 'failed', code, message }),
    gone: gone.signal,
    close: () => {
      if (process.connected) process.disconnect();
    },
  };
}
