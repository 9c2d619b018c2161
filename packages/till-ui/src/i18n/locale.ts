import { type Signal, signal } from '@preact/signals';

/** BCP 47, for money, numbers and dates; the browser's own while undefined. */
export const locale: Signal<string | undefined> = signal<string | undefined>(undefined);
