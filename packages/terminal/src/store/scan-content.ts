import { DigestSum } from '@tillcast/protocol/digest';
import type { NumberedRow } from '@tillcast/protocol/http/repair-api';
import type { TillStore } from './till-store.ts';

/** What the store holds, reckoned from the texts as they lie on the disk and not from what was noted with them. */
export interface ContentScan {
  readonly rows: readonly NumberedRow[];
  readonly digest: string;
  /** How many texts are not those that were written. */
  readonly wrong: number;
}

/** Rows at once: 2 to 3 ms of the event loop. */
const SLICE_ROWS = 1_000;

/**
 * Reads all rows in slices and numbers them anew. Rows that are not what was written are shown no more.
 * @param pause called between two slices, so that the loop stays free
 * @returns null where the content changed meanwhile, or the signal aborted
 * @throws TillcastError `database_unavailable`
 */
export async function scanContent(
  store: TillStore,
  pause: () => Promise<void>,
  signal: AbortSignal,
): Promise<ContentScan | null> {
  const { generation } = store;
  store.dropCachedPages();
  const sum = new DigestSum();
  const rows: NumberedRow[] = [];
  let wrong = 0;
  for (let after: number | null = 0; after !== null; ) {
    if (after > 0) await pause();
    if (signal.aborted || store.generation !== generation) return null;
    const slice = store.numberedSlice(after, SLICE_ROWS);
    for (const { kind, id, digest, isAsWritten } of slice.rows) {
      sum.add(digest);
      rows.push({ kind, id, digest });
      if (!isAsWritten) wrong += 1;
    }
    after = slice.next;
  }
  return { rows, digest: sum.toString(), wrong };
}
