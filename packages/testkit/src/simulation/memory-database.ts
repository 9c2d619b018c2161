import {
  type Change,
  type ChangeContent,
  type ChangeLogListener,
  type ChangeNotice,
  changeOf,
  type HeardInstance,
  type ItemRow,
  itemRef,
  type MessageSigner,
  messageOf,
  type NewBroadcast,
  type PreparedOperation,
  planCommit,
  shardOf,
} from '@tillcast/backend/internals';
import { EMPTY_DIGEST } from '@tillcast/protocol/digest';
import type { BroadcastRequest } from '@tillcast/protocol/http/admin-api';
import type { LicenseKey } from '@tillcast/protocol/license-key';
import type { LicenseUpdate } from '@tillcast/protocol/messages/payload';
import { MemoryBroadcasts } from './memory-broadcasts.ts';
import { MemoryLeases } from './memory-leases.ts';
import { MemorySales } from './memory-sales.ts';

/** A row with the version that last changed it. */
export interface StoredRow extends ItemRow {
  readonly version: number;
}

/** Where a license's catalog stands. */
export interface MemoryHead {
  readonly licenseId: number;
  readonly licenseKey: LicenseKey;
  readonly epoch: string;
  readonly version: number;
  readonly digest: string;
}

/** A license with its catalog, its change log and how far that is published. */
export interface MemoryLicense {
  readonly id: number;
  readonly key: LicenseKey;
  readonly shard: number;
  status: LicenseUpdate['status'];
  epoch: string;
  version: number;
  digest: string;
  historyFloor: number;
  readonly items: Map<string, StoredRow>;
  /** By version: the log's key, which lets one of two commits on the same head through. */
  readonly changes: Map<number, Change>;
  publishedVersion: number;
}

/** Told of what a commit wrote, within it. */
export interface CommitObserver {
  onCommitted(license: MemoryLicense, change: Change, rows: readonly ItemRow[]): void;
}

export interface MemoryDatabaseOptions {
  readonly signer: MessageSigner;
  /** The wall clock of the server: milliseconds since 1970. */
  readonly nowMs: () => number;
  readonly newId: () => string;
  readonly observer?: CommitObserver;
}

/** A plan that was made on a head, and may have been overtaken since. */
export interface Draft {
  readonly head: MemoryHead;
  readonly rows: readonly ItemRow[];
  readonly digest: string;
  readonly content: ChangeContent | null;
}

/**
 * Catalogs and change log in memory, with what the product itself does in the place of SQL's surroundings: the
 * plan of a commit, its message and its signature are the product's own. What SQL does there (one of two commits
 * on a head wins, published never goes backwards, leases) is done here again, and the same contract suite holds
 * for both.
 */
export class MemoryDatabase {
  readonly options: MemoryDatabaseOptions;
  readonly licenses: Map<number, MemoryLicense> = new Map();
  readonly leases: MemoryLeases;
  readonly broadcasts: MemoryBroadcasts;
  readonly sales: MemorySales;
  /** Which copies of terminals' data were heard, by terminal. */
  readonly heard: Map<string, HeardInstance>;
  readonly #listeners = new Set<ChangeLogListener>();

  constructor(
    options: MemoryDatabaseOptions,
    kept: Partial<Pick<MemoryDatabase, 'broadcasts' | 'heard' | 'sales'>> = {},
  ) {
    this.options = options;
    this.broadcasts = kept.broadcasts ?? new MemoryBroadcasts(options);
    this.sales = kept.sales ?? new MemorySales();
    this.heard = new Map(kept.heard);
    this.leases = new MemoryLeases(options.nowMs);
  }

  createLicense(key: LicenseKey, epoch: string): MemoryLicense {
    const license: MemoryLicense = {
      id: this.licenses.size + 1,
      key,
      shard: shardOf(key),
      status: 'active',
      epoch,
      version: 0,
      digest: EMPTY_DIGEST,
      historyFloor: 0,
      items: new Map(),
      changes: new Map(),
      publishedVersion: 0,
    };
    this.licenses.set(license.id, license);
    return license;
  }

  find(key: LicenseKey): MemoryLicense | null {
    return this.licenses.values().find((license) => license.key === key) ?? null;
  }

  /** @throws Error where there is none */
  get(licenseId: number): MemoryLicense {
    const license = this.licenses.get(licenseId);
    if (license === undefined) throw new Error(`There is no license ${licenseId}.`);
    return license;
  }

  /** Plans a commit on the head as it is now, by the product's own plan. @throws TillcastError as `planCommit` */
  draft(licenseId: number, operations: readonly PreparedOperation[], bad: 'fail' | 'skip' = 'skip'): Draft {
    const license = this.get(licenseId);
    const plan = planCommit(license.items, license.digest, operations, {
      bad,
      pointerOf: (index) => `/operations/${index}`,
    });
    const { rows, digest } = plan;
    const content = rows.length === 0 ? null : messageOf(operations, rows);
    return { head: headOf(license), rows, digest, content };
  }

  /**
   * Writes a change: rows, counter and log at once.
   * @returns null, having written nothing, where the log has a change of that version already or the history is another
   */
  write({ head, rows, digest, content }: Draft): Change | null {
    const license = this.get(head.licenseId);
    if (content === null || license.epoch !== head.epoch) return null;
    const { signer, nowMs, newId, observer } = this.options;
    const change = changeOf(head, { ...content, digest, committedAt: new Date(nowMs()) }, signer, newId);
    if (license.changes.has(change.version)) return null;
    license.changes.set(change.version, change);
    for (const row of rows) license.items.set(itemRef(row.kind, row.id), { ...row, version: change.version });
    license.version = change.version;
    license.digest = digest;
    observer?.onCommitted(license, change, rows);
    this.#tell({ licenseId: license.id, shard: license.shard, version: change.version });
    return change;
  }

  /** Suspends or resumes: a numbered change without rows. */
  setStatus(licenseId: number, status: LicenseUpdate['status']): void {
    const license = this.get(licenseId);
    if (license.status === status) return;
    license.status = status;
    const payload = JSON.stringify({ status, valid_until: null } satisfies LicenseUpdate);
    const content = { type: 'license_update', payload } as const;
    this.write({ head: headOf(license), rows: [], digest: license.digest, content });
  }

  /** Keeps a broadcast and tells of it. */
  createBroadcast(request: BroadcastRequest): NewBroadcast {
    const broadcast = this.broadcasts.create(request);
    for (const listener of this.#listeners) listener.onAnything();
    return broadcast;
  }

  /** A database with what this one holds, each history under a new name: a backup, once it is restored. */
  copy(newEpoch: (license: MemoryLicense) => string): MemoryDatabase {
    const copy = new MemoryDatabase(this.options, {
      broadcasts: this.broadcasts.copy(),
      heard: this.heard,
      sales: this.sales.copy(),
    });
    for (const license of this.licenses.values()) {
      copy.licenses.set(license.id, {
        ...license,
        epoch: newEpoch(license),
        items: new Map(license.items),
        changes: new Map(license.changes),
        // What waited is in the snapshot.
        publishedVersion: license.version,
        historyFloor: 0,
      });
    }
    return copy;
  }

  listen(listener: ChangeLogListener): () => void {
    this.#listeners.add(listener);
    return () => this.#listeners.delete(listener);
  }

  #tell(notice: ChangeNotice): void {
    for (const listener of this.#listeners) listener.onChange(notice);
  }
}

export function headOf(license: MemoryLicense): MemoryHead {
  const { id, key, epoch, version, digest } = license;
  return { licenseId: id, licenseKey: key, epoch, version, digest };
}
