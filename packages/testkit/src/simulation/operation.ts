import type { Operation as CatalogOperation } from '@tillcast/protocol/operation';
import type { ApiHealth } from './api-line.ts';

/** What somebody does, or what goes wrong, at a time of its own. */
export interface Timed {
  readonly atMs: number;
}

/** A message that the broker hands to the wrong till, or to the right one at the wrong time. */
export type Mischief = 'otherLicense' | 'rerouted' | 'forged' | 'unsigned' | 'replayed';

export type Deed =
  /** Planned at the time, written `thinkMs` later if nobody else was faster, else done again. `bare`: its message has no rows. */
  | {
      readonly deed: 'commit';
      readonly license: number;
      readonly operations: readonly CatalogOperation[];
      readonly thinkMs: number;
      readonly bare: boolean;
    }
  | { readonly deed: 'suspend' | 'resume'; readonly license: number }
  | { readonly deed: 'backup' | 'restore' }
  /** What came before the newest version can no longer be asked for. */
  | { readonly deed: 'forgetHistory'; readonly license: number }
  /** `flipAt`: where in its file a byte flips meanwhile, as a share of its length. */
  | {
      readonly deed: 'crashTill';
      readonly till: number;
      readonly downMs: number;
      readonly flipAt: number | null;
    }
  | { readonly deed: 'freezeTill' | 'fillDisk'; readonly till: number; readonly ms: number }
  | { readonly deed: 'setClock'; readonly till: number; readonly byMs: number }
  | { readonly deed: 'crashRelay' | 'freezeRelay'; readonly relay: number; readonly ms: number }
  | {
      readonly deed: 'cutOffTill';
      readonly till: number;
      readonly from: 'broker' | 'api' | 'both';
      readonly ms: number;
    }
  | {
      readonly deed: 'cutOffRelay';
      readonly relay: number;
      readonly from: 'broker' | 'database';
      readonly ms: number;
    }
  | { readonly deed: 'restartBroker'; readonly ms: number }
  | { readonly deed: 'breakLine' | 'deleteQueue' | 'unbind' | 'syncNow'; readonly till: number }
  | { readonly deed: 'api'; readonly health: ApiHealth; readonly ms: number }
  | {
      readonly deed: 'mischief';
      readonly till: number;
      readonly license: number;
      readonly how: Mischief;
      /** Which of the changes, as a share of all. */
      readonly which: number;
    };

export type Operation = Deed & Timed;

/** An operation in one line. */
export function describe({ atMs, ...deed }: Operation): string {
  const { deed: name, ...rest } = deed;
  return `${(atMs / 1_000).toFixed(3).padStart(9)} ${name.padEnd(14)} ${JSON.stringify(rest)}`;
}
