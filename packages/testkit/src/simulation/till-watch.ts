import type { Cursor } from '@tillcast/protocol/cursor';
import { ITEM_KINDS } from '@tillcast/protocol/items/kind';
import type { TillStore } from '@tillcast/terminal/internals';
import { z } from 'zod';
import { type Chronicle, digestOf } from './chronicle.ts';
import type { Surroundings } from './surroundings.ts';
import type { CommitKind } from './till-store.ts';
import type { BrokenRule } from './violation.ts';

/** So many questions within REQUEST_WINDOW_MS are a hot loop. */
const REQUESTS_MAX = 60;
const REQUEST_WINDOW_MS = 10_000;

export interface TillWatchOptions {
  readonly name: string;
  readonly licenseId: number;
  readonly chronicle: Chronicle;
  readonly surroundings: Surroundings;
}

/** Looks at everything that one till does to its store, and how often it asks. */
export class TillWatch {
  readonly #options: TillWatchOptions;
  readonly #askedAtMs: number[] = [];
  #store: TillStore | null = null;
  /** The highest version held of each history, since the file was begun. */
  readonly #highest = new Map<string, number>();
  /** A fault of ours damaged the file: until it was set aside or loaded anew, it may show. */
  #damaged = false;

  constructor(options: TillWatchOptions) {
    this.#options = options;
  }

  /** The most questions that were asked within the window. */
  requestsMax = 0;

  started(store: TillStore): void {
    this.#store = store;
    // A flipped byte may be one of the cursor's own.
    if (this.#damaged || store.cursor === null) this.#highest.clear();
    if (this.#damaged && !store.isSuspect && this.#fault() === null) this.#damaged = false;
    this.checkContent();
  }

  damaged(): void {
    this.#damaged = true;
  }

  setAside(reason: string): void {
    const { surroundings, name } = this.#options;
    surroundings.trace.add('set aside', () => `${name}: ${reason}`);
    this.#highest.clear();
    if (this.#damaged) return;
    surroundings.broken('no repair without a cause', `${name} set a sound file aside: ${reason}`);
  }

  asked(path: string): void {
    const { surroundings, name } = this.#options;
    const { nowMs } = surroundings.scheduler;
    surroundings.trace.add('asks', () => `${name} ${path}`);
    this.#askedAtMs.push(nowMs);
    while ((this.#askedAtMs[0] ?? nowMs) < nowMs - REQUEST_WINDOW_MS) this.#askedAtMs.shift();
    this.requestsMax = Math.max(this.requestsMax, this.#askedAtMs.length);
    if (this.#askedAtMs.length <= REQUESTS_MAX) return;
    surroundings.broken(
      'no hot loop',
      `${name} asked ${this.#askedAtMs.length} times within ${REQUEST_WINDOW_MS / 1_000} s`,
    );
  }

  /** A commit: forwards only, by messages one by one, and to content that is the log's. */
  applied(kind: CommitKind, from: Cursor | null, to: Cursor): void {
    const { surroundings, name } = this.#options;
    const { trace, broken } = surroundings;
    trace.add('applied', () => `${name} ${kind} ${textOf(from)} → ${textOf(to)}`);
    if (kind === 'edits' && (from?.epoch !== to.epoch || from.version + 1 !== to.version)) {
      return broken('order', `${name} took the message of ${textOf(to)} on top of ${textOf(from)}`);
    }
    const highest = this.#highest.get(to.epoch) ?? -1;
    if (kind === 'edits' && to.version <= highest) {
      return broken('applied once', `${name} took ${textOf(to)} again, having held v${highest}`);
    }
    if (to.version < highest) broken('order', `${name} went back from v${highest} to ${textOf(to)}`);
    this.#highest.set(to.epoch, Math.max(highest, to.version));
    this.checkContent();
    if (kind === 'all' || kind === 'repair') this.#damaged = false;
    return undefined;
  }

  /** P6: with rows that are not the log's, nobody is live. */
  live(): void {
    const { surroundings, name } = this.#options;
    if (!this.#damaged || this.#store === null) return;
    const fault = this.#store.isSuspect ? 'its rows are in doubt' : (this.#fault()?.detail ?? null);
    if (fault !== null) surroundings.broken('P6 truthful status', `${name} shows live, and ${fault}`);
  }

  /** P4 and P1: the rows as they lie in the store are exactly what the log says at the store's version. */
  checkContent(): void {
    // Damage that we did may show until it is mended, but to nobody as live.
    const fault = this.#damaged ? null : this.#fault();
    if (fault !== null) this.#options.surroundings.broken(fault.rule, fault.detail);
  }

  #fault(): { readonly rule: BrokenRule; readonly detail: string } | null {
    const store = this.#store;
    if (store === null || store.cursor === null) return null;
    const { licenseId, chronicle, name } = this.#options;
    const { epoch, version, digest } = store.cursor;
    const where = `${name} at ${textOf(store.cursor)}`;
    const content = chronicle.contentAt(licenseId, epoch, version);
    if (content === undefined)
      return { rule: 'P4 same content', detail: `${where}: there never was such a version` };
    let rows = 0;
    for (const kind of ITEM_KINDS) {
      for (const body of store.bodies(kind)) {
        rows += 1;
        const { id } = idSchema.parse(JSON.parse(body));
        const expected = content.get(`${kind} ${id}`);
        if (expected === body) continue;
        const rule = expected === undefined ? 'P1 isolation' : 'P4 same content';
        return { rule, detail: `${where} holds ${body} in the place of ${expected}` };
      }
    }
    if (rows !== content.size) {
      return { rule: 'P4 same content', detail: `${where} holds ${rows} rows of ${content.size}` };
    }
    return digestOf(content) === digest
      ? null
      : { rule: 'P4 same content', detail: `${where} says digest ${digest} of other rows` };
  }
}

const idSchema = z.looseObject({ id: z.string() });

export function textOf(cursor: Cursor | null): string {
  return cursor === null ? 'nothing' : `${cursor.epoch} v${cursor.version}`;
}
