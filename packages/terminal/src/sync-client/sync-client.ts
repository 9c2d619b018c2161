import type { Cursor } from '@tillcast/protocol/cursor';
import { TillcastError } from '@tillcast/protocol/errors';
import { digestSumsSchema, givenRowsSchema, rowDigestsSchema } from '@tillcast/protocol/http/repair-api';
import { type StatusAnswer, type StatusReport, statusAnswerSchema } from '@tillcast/protocol/http/status-api';
import {
  type DeltaPage,
  deltaPageSchema,
  type Snapshot,
  SYNC_PATHS,
  type SyncHead,
  snapshotSchema,
} from '@tillcast/protocol/http/sync-api';
import type { Row } from '@tillcast/protocol/items/item';
import { ITEM_KINDS, PLURAL } from '@tillcast/protocol/items/kind';
import { rowOfWire } from '@tillcast/protocol/messages/edits';
import type { z } from 'zod';
import { type Exchanged, exchange, type SyncPeer } from './exchange.ts';
import { findRepair, type OurRows, type Repaired, type RepairQuestions } from './find-repair.ts';

const MIB = 1_024 * 1_024;
const SNAPSHOT_MAX_BYTES = 256 * MIB;
const PAGE_MAX_BYTES = 16 * MIB;
const STATUS_MAX_BYTES = 64 * 1_024;

/** Rows asked for at once: 2,000 of the largest stay below a page's bound. */
const PAGE_ROWS = 2_000;
const PAGES_MAX = 5_000;

/** A slow line may take its time, a dead one may not. */
const PULL_PATIENCE = { silenceMs: 15_000, totalMs: 600_000 };
const STATUS_PATIENCE = { silenceMs: 5_000, totalMs: 5_000 };

/** Rows and where they lead, with the time at which the question for it was asked. */
export interface Pulled {
  readonly to: Cursor;
  readonly rows: readonly Row[];
  readonly askedAtMs: number;
}

/** A till's questions to the sync API. None of them rejects; each ends as `failed` when the signal aborts. */
export class SyncClient {
  readonly #peer: SyncPeer;
  readonly #nowMs: () => number;
  readonly #repairQuestions: RepairQuestions;
  #snapshotBytes: number | null = null;

  /** @param nowMs the clock of ages */
  constructor(peer: SyncPeer, nowMs: () => number) {
    this.#peer = peer;
    this.#nowMs = nowMs;
    this.#repairQuestions = {
      digests: (signal) => this.#get(SYNC_PATHS.digests, digestSumsSchema, signal),
      rowDigests: (at, buckets, signal) =>
        this.#get(
          `${SYNC_PATHS.rowDigests}?${atQuery(at)}&buckets=${buckets.join()}`,
          rowDigestsSchema,
          signal,
        ),
      rows: (at, digests, signal) =>
        this.#get(`${SYNC_PATHS.rows}?${atQuery(at)}&digests=${digests.join()}`, givenRowsSchema, signal),
    };
  }

  /** How much of a snapshot has arrived; null while none comes. */
  get snapshotBytes(): number | null {
    return this.#snapshotBytes;
  }

  /** Everything, at one version. */
  async pullSnapshot(signal: AbortSignal): Promise<Exchanged<Pulled>> {
    const askedAtMs = this.#nowMs();
    const question = {
      method: 'GET',
      path: SYNC_PATHS.fullData,
      schema: snapshotSchema,
      maxBytes: SNAPSHOT_MAX_BYTES,
      patience: PULL_PATIENCE,
      onProgress: (bytes: number) => {
        this.#snapshotBytes = bytes;
      },
    } as const;
    this.#snapshotBytes = 0;
    const exchanged = this.#ofThisLicense(await exchange(this.#peer, question, signal));
    this.#snapshotBytes = null;
    if (exchanged.outcome !== 'answered') return exchanged;
    const { answer } = exchanged;
    return { outcome: 'answered', answer: { to: cursorOf(answer), rows: rowsOf(answer), askedAtMs } };
  }

  /** All pages of what came after a cursor. The proof is as old as the last page's question. */
  async pullDelta(since: Cursor, signal: AbortSignal): Promise<Exchanged<Pulled>> {
    const rows: Row[] = [];
    let page: string | null = null;
    for (let pages = 0; pages < PAGES_MAX; pages += 1) {
      const askedAtMs = this.#nowMs();
      const exchanged: Exchanged<DeltaPage> = await this.#page(since, page, signal);
      if (exchanged.outcome !== 'answered') return exchanged;
      const { answer } = exchanged;
      if (answer.epoch !== since.epoch || answer.since !== since.version) {
        return invalid('The backend answered with another delta than was asked for.');
      }
      for (const row of answer.changes) rows.push(rowOfWire(row));
      if (answer.next === null)
        return { outcome: 'answered', answer: { to: cursorOf(answer), rows, askedAtMs } };
      if (answer.next === page) return invalid("The backend's delta names its own page as the next one.");
      page = answer.next;
    }
    return invalid(`The backend's delta has more than ${PAGES_MAX} pages.`);
  }

  /** The rows that are not the server's, as it has them: few requests where few rows differ. */
  pullRepair(ours: OurRows, signal: AbortSignal): Promise<Repaired> {
    return findRepair(this.#repairQuestions, ours, this.#nowMs, signal);
  }

  /** Says where this till stands and asks where the server does. */
  async report(report: StatusReport, signal: AbortSignal): Promise<Exchanged<StatusAnswer>> {
    const question = {
      method: 'POST',
      path: SYNC_PATHS.status,
      body: report,
      schema: statusAnswerSchema,
      maxBytes: STATUS_MAX_BYTES,
      patience: STATUS_PATIENCE,
    } as const;
    return this.#ofThisLicense(await exchange(this.#peer, question, signal));
  }

  async #page(since: Cursor, page: string | null, signal: AbortSignal): Promise<Exchanged<DeltaPage>> {
    const query = new URLSearchParams({
      epoch: since.epoch,
      since: String(since.version),
      limit: String(PAGE_ROWS),
      ...(page === null ? {} : { page }),
    });
    const question = {
      method: 'GET',
      path: `${SYNC_PATHS.changes}?${query.toString()}`,
      schema: deltaPageSchema,
      maxBytes: PAGE_MAX_BYTES,
      patience: PULL_PATIENCE,
    } as const;
    return this.#ofThisLicense(await exchange(this.#peer, question, signal));
  }

  async #get<T extends SyncHead>(
    path: string,
    schema: z.ZodType<T, unknown>,
    signal: AbortSignal,
  ): Promise<Exchanged<T>> {
    const question = {
      method: 'GET',
      path,
      schema,
      maxBytes: PAGE_MAX_BYTES,
      patience: PULL_PATIENCE,
    } as const;
    return this.#ofThisLicense(await exchange(this.#peer, question, signal));
  }

  /** No layer trusts another to have checked: an answer for another license is none (P1). */
  #ofThisLicense<T extends SyncHead>(exchanged: Exchanged<T>): Exchanged<T> {
    if (exchanged.outcome !== 'answered' || exchanged.answer.license_key === this.#peer.licenseKey) {
      return exchanged;
    }
    return invalid('The backend answered for another license; nothing of it was used.');
  }
}

function atQuery({ epoch, version }: Cursor): string {
  return new URLSearchParams({ epoch, version: String(version) }).toString();
}

function cursorOf({ epoch, version, digest }: SyncHead): Cursor {
  return { epoch, version, digest };
}

function rowsOf(snapshot: Snapshot): Row[] {
  return ITEM_KINDS.flatMap((kind) =>
    snapshot[PLURAL[kind]].map((item) => rowOfWire({ kind, id: item.id, item })),
  );
}

function invalid(message: string): Exchanged<never> {
  return { outcome: 'failed', error: new TillcastError('answer_invalid', message) };
}
