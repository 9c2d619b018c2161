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
  /** Something is ordered at a till, or at one of those on copies of its data, and paid after a while. */
  | {
      readonly deed: 'sell';
      readonly till: number;
      /** Which of the copies, as a share of all. */
      readonly copy: number;
      /** Which of the products that the till shows, as a share of all. */
      readonly which: number;
      readonly orderId: string;
      readonly quantity: number;
      readonly thinkMs: number;
      readonly cash: boolean;
      /** The button is pressed twice. */
      readonly twice: boolean;
    }
  /** A piece of one of the till's newest sales is given back. */
  | { readonly deed: 'refund'; readonly till: number; readonly copy: number; readonly which: number }
  | { readonly deed: 'api'; readonly health: ApiHealth; readonly ms: number }
  /** A notice to every till, in force for so long. */
  | { readonly deed: 'announce'; readonly expiresInS: number }
  /** A notice whose text is another than what was signed, or that is not signed. */
  | { readonly deed: 'forgeNotice'; readonly till: number; readonly isSigned: boolean }
  /** A till's folder is copied, and after a while somebody starts a second till on the copy. */
  | { readonly deed: 'cloneTill'; readonly till: number; readonly afterMs: number }
  /** A till's folder is copied, and after a while the till goes on with the copy. */
  | {
      readonly deed: 'goBackTill';
      readonly till: number;
      readonly afterMs: number;
      readonly downMs: number;
    }
  /** A byte of the file of a till flips while it runs: in one of its rows' texts, or anywhere. */
  | {
      readonly deed: 'rotTill';
      readonly till: number;
      readonly where: number;
      readonly inText: boolean;
    }
  | {
      readonly deed: 'mischief';
      readonly till: number;
      readonly license: number;
      readonly how: Mischief;
      /** Which of the changes, as a share of all. */
      readonly which: number;
    };

/** One kind of deed. */
export type DeedOf<D extends Deed['deed']> = Extract<Deed, { deed: D }>;

export type Operation = Deed & Timed;

/** An operation in one line. */
export function describe({ atMs, ...deed }: Operation): string {
  const { deed: name, ...rest } = deed;
  return `${(atMs / 1_000).toFixed(3).padStart(9)} ${name.padEnd(14)} ${JSON.stringify(rest)}`;
}
