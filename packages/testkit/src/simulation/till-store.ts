import type { Cursor } from '@tillcast/protocol/cursor';
import { TillcastError } from '@tillcast/protocol/errors';
import type { Activity, Notice } from '@tillcast/protocol/http/terminal-api';
import { type ApplyOutcome, TillStore } from '@tillcast/terminal/internals';

/** What becomes of a commit: as it should, the disk is full, or the till dies before or after it. */
export type CommitFate = 'done' | 'full' | 'crashBefore' | 'crashAfter';

/** How a till came to what it holds. */
export type CommitKind = 'edits' | 'rows' | 'repair' | 'all';

export interface SimulatedStoreOptions {
  readonly path: string;
  readonly licenseKey: ConstructorParameters<typeof TillStore>[0]['licenseKey'];
  readonly onSetAside: ConstructorParameters<typeof TillStore>[0]['onSetAside'];
  readonly fate: () => CommitFate;
  readonly crash: () => void;
  readonly onApplied: (kind: CommitKind, from: Cursor | null, to: Cursor) => void;
  /** What was brought has another digest than it says. */
  readonly onMismatch: (kind: CommitKind, to: Cursor) => void;
  /** A notice is kept that was not there. */
  readonly onNotice: (notice: Notice) => void;
}

/** The till's real store, on whose disk things go wrong. */
export class SimulatedTillStore extends TillStore {
  readonly #simulated: SimulatedStoreOptions;

  constructor(options: SimulatedStoreOptions) {
    super(options);
    this.#simulated = options;
  }

  override applyEdits(...given: Parameters<TillStore['applyEdits']>): ApplyOutcome {
    return this.#apply('edits', given[1], () => super.applyEdits(...given));
  }

  override applyRows(...given: Parameters<TillStore['applyRows']>): ApplyOutcome {
    return this.#apply('rows', given[1], () => super.applyRows(...given));
  }

  override applyRepair(...given: Parameters<TillStore['applyRepair']>): ApplyOutcome {
    return this.#apply('repair', given[1], () => super.applyRepair(...given));
  }

  override replaceAll(...given: Parameters<TillStore['replaceAll']>): ApplyOutcome {
    return this.#apply('all', given[1], () => super.replaceAll(...given));
  }

  override addNotice(...given: Parameters<TillStore['addNotice']>): Activity | null {
    const { fate, crash, onNotice } = this.#simulated;
    const becomes = fate();
    if (becomes === 'full' || becomes === 'crashBefore') {
      if (becomes === 'crashBefore') crash();
      throw new TillcastError('database_unavailable', 'The simulated disk takes no notice.');
    }
    const line = super.addNotice(...given);
    if (line !== null) onNotice(given[0]);
    if (becomes === 'crashAfter') crash();
    return line;
  }

  #apply(kind: CommitKind, target: Cursor, commit: () => ApplyOutcome): ApplyOutcome {
    const { fate, crash, onApplied, onMismatch } = this.#simulated;
    const from = this.cursor;
    const becomes = fate();
    if (becomes === 'full') return failed('The simulated disk is full.');
    if (becomes === 'crashBefore') {
      crash();
      return failed('The simulated till is dead.');
    }
    const outcome = commit();
    if (outcome.outcome === 'applied') onApplied(kind, from, target);
    if (outcome.outcome === 'digest') onMismatch(kind, target);
    if (becomes === 'crashAfter') crash();
    return outcome;
  }
}

function failed(message: string): ApplyOutcome {
  return { outcome: 'store', error: new TillcastError('database_unavailable', message) };
}
