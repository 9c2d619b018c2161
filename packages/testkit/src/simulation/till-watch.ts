import type { Cursor } from '@tillcast/protocol/cursor';
import type { Notice } from '@tillcast/protocol/http/terminal-api';
import { ITEM_KINDS } from '@tillcast/protocol/items/kind';
import type { TillStore } from '@tillcast/terminal/internals';
import { z } from 'zod';
import { type Chronicle, digestOf } from './chronicle.ts';
import type { SalesMemory, SalesWatch } from './sales-watch.ts';
import type { Surroundings } from './surroundings.ts';
import type { CommitKind } from './till-store.ts';
import type { BrokenRule } from './violation.ts';

/** So many questions within REQUEST_WINDOW_MS are a hot loop. */
const REQUESTS_MAX = 60;
const REQUEST_WINDOW_MS = 10_000;

/** A till that runs reads its rows through every 10 min at the latest, or 30 s later where it was busy. */
const SCRUBBED_WITHIN_MS = 660_000;

/** What is known of a till's file: it is copied with the file. */
export interface FileMemory {
  readonly highest: ReadonlyMap<string, number>;
  readonly noticed: ReadonlySet<string>;
  readonly isDamaged: boolean;
  readonly isPatched: boolean;
  readonly rotFoundByMs: number;
  readonly sales: SalesMemory;
}

export interface TillWatchOptions {
  readonly name: string;
  readonly licenseId: number;
  readonly chronicle: Chronicle;
  readonly sales: SalesWatch;
  readonly surroundings: Surroundings;
}

/** Looks at everything that one till does to its store, and how often it asks. */
export class TillWatch {
  readonly #options: TillWatchOptions;
  readonly #askedAtMs: number[] = [];
  #store: TillStore | null = null;
  /** The highest version held of each history, since the file was begun. */
  #highest = new Map<string, number>();
  /** The notices that were kept in it. */
  #noticed = new Set<string>();
  /** A fault of ours damaged the file: until it was set aside or loaded anew, it may show. */
  #damaged = false;
  /** A fault of ours damaged it at some time: of what lies beside the catalog, nobody can tell. */
  #patched = false;
  /** A byte flipped under the running till: nobody can know before this. */
  #rotFoundByMs = -Infinity;

  constructor(options: TillWatchOptions) {
    this.#options = options;
  }

  get sales(): SalesWatch {
    return this.#options.sales;
  }

  /** The most questions that were asked within the window. */
  requestsMax = 0;

  started(store: TillStore): void {
    this.#store = store;
    // A flipped byte may be one of the cursor's own.
    if (this.#isExcused || store.cursor === null) this.#highest.clear();
    if (this.#damaged && !store.isSuspect && this.#fault() === null) this.#damaged = false;
    this.checkContent();
  }

  damaged(): void {
    this.#damaged = true;
    this.#patched = true;
  }

  /** A byte of its file flipped while it ran. */
  rotted(): void {
    const { surroundings, name } = this.#options;
    surroundings.trace.add('rots', () => name);
    this.#rotFoundByMs = surroundings.scheduler.nowMs + SCRUBBED_WITHIN_MS;
    this.#patched = true;
  }

  /** When a byte that flipped under the till has been found at the latest; in the past where none did. */
  get rotFoundByMs(): number {
    return this.#rotFoundByMs;
  }

  get memory(): FileMemory {
    return {
      highest: new Map(this.#highest),
      noticed: new Set(this.#noticed),
      isDamaged: this.#damaged,
      isPatched: this.#patched,
      rotFoundByMs: this.#rotFoundByMs,
      sales: this.sales.memory,
    };
  }

  /** The file is now the one of which this is known. */
  recall({ highest, noticed, isDamaged, isPatched, rotFoundByMs, sales }: FileMemory): void {
    this.sales.recall(sales);
    this.#highest = new Map(highest);
    this.#noticed = new Set(noticed);
    this.#damaged = isDamaged;
    this.#patched = isPatched;
    this.#rotFoundByMs = rotFoundByMs;
  }

  /** N2: what was signed, as it was signed, and once. */
  noticed({ id, message, severity, expires_at }: Notice): void {
    const { surroundings, name, chronicle } = this.#options;
    surroundings.trace.add('notice', () => `${name} ${id}`);
    if (this.#patched) return;
    const announced = chronicle.notice(id);
    const text = announced === undefined ? null : payloadOf(announced.message);
    if (
      text === null ||
      text.payload.message !== message ||
      text.payload.severity !== severity ||
      text.expires_at !== expires_at
    ) {
      surroundings.broken('N notices', `${name} shows a notice that nobody signed: ${message}`);
    } else if (this.#noticed.has(id)) {
      surroundings.broken('N notices', `${name} shows notice ${id} a second time`);
    }
    this.#noticed.add(id);
  }

  /** Whether a notice was shown; nobody can tell of a file that was damaged. */
  lacks(noticeId: string): boolean {
    return !this.#patched && !this.#noticed.has(noticeId);
  }

  /** Nothing is brought that is not what it says. */
  mismatch(kind: CommitKind, to: Cursor): void {
    const { surroundings, name } = this.#options;
    if (this.#isExcused) return;
    surroundings.broken('P4 same content', `${name} was brought ${kind} that do not make ${textOf(to)}`);
  }

  get #isExcused(): boolean {
    return this.#damaged || this.#options.surroundings.scheduler.nowMs < this.#rotFoundByMs;
  }

  setAside(reason: string): void {
    const { surroundings, name } = this.#options;
    surroundings.trace.add('set aside', () => `${name}: ${reason}`);
    this.#highest.clear();
    this.#noticed.clear();
    if (this.#isExcused) return;
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

  /** What is not as it should be, once a byte that flipped should have been found; reads all there is. */
  whyNotMended(): string | null {
    const { scheduler } = this.#options.surroundings;
    if (this.#rotFoundByMs === -Infinity || scheduler.nowMs < this.#rotFoundByMs) return null;
    if (this.#store?.isSuspect === true) return `${this.#options.name}'s rows are in doubt`;
    this.#store?.dropCachedPages();
    return this.#fault()?.detail ?? null;
  }

  /** P6: with rows that are not the log's, nobody is live. */
  live(): void {
    const { surroundings, name } = this.#options;
    if (!this.#damaged || this.#store === null) return;
    // What rots meanwhile shows when it is read through.
    if (surroundings.scheduler.nowMs < this.#rotFoundByMs) return;
    const fault = this.#store.isSuspect ? 'its rows are in doubt' : (this.#fault()?.detail ?? null);
    if (fault !== null) surroundings.broken('P6 truthful status', `${name} shows live, and ${fault}`);
  }

  /** P4 and P1: the rows as they lie in the store are exactly what the log says at the store's version. */
  checkContent(): void {
    // Damage that we did may show until it is mended, but to nobody as live.
    const fault = this.#isExcused ? null : this.#fault();
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
        const expected = content.get(`${kind} ${idOf(body)}`);
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

const broadcastSchema = z.object({
  payload: z.object({ message: z.string(), severity: z.string() }),
  expires_at: z.string(),
});

function payloadOf(message: string): z.infer<typeof broadcastSchema> {
  return broadcastSchema.parse(JSON.parse(message));
}

const idSchema = z.looseObject({ id: z.string() });

/** Null for what is no item's text any more. */
function idOf(body: string): string | null {
  try {
    return idSchema.parse(JSON.parse(body)).id;
  } catch (error) {
    if (error instanceof SyntaxError || error instanceof z.ZodError) return null;
    throw error;
  }
}

export function textOf(cursor: Cursor | null): string {
  return cursor === null ? 'nothing' : `${cursor.epoch} v${cursor.version}`;
}
