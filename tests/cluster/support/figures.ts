import { mkdir, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';

/** Where `npm run test:cluster` looks for them. */
const FOLDER = fileURLToPath(new URL('../../../test-results/cluster', import.meta.url));

/** What one failure came to. */
export interface Figures {
  readonly failure: string;
  /** Until HAProxy sent nobody there any more; null where it was not asked. */
  readonly noticedMs: number | null;
  /** How many tills lost their queue. */
  readonly tillsDetached: number;
  /** From the failure to the moment at which the last of them had another; 0 where none was lost. */
  readonly attachedAgainMs: number;
  /** How many tills were not live for more than half a second, for whatever reason. */
  readonly tillsNotLive: number;
  /** From the failure to the moment at which the last till was live again; 0 where none was lost. */
  readonly liveAgainMs: number;
  /** Something waited, and nothing was confirmed. */
  readonly publishingPausedMs: number;
  /** No change was acknowledged. */
  readonly commitsPausedMs: number;
}

/** Keeps what a run came to so far, by its first failure's name. */
export async function keepFigures(figures: readonly Figures[]): Promise<void> {
  const name = figures[0]?.failure.replaceAll(/\W+/g, '-') ?? 'none';
  await mkdir(FOLDER, { recursive: true });
  await writeFile(join(FOLDER, `${name}.json`), JSON.stringify(figures, null, 2));
}
