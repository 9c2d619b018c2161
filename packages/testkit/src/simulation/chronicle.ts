import type { Change, ItemRow, NewBroadcast } from '@tillcast/backend/internals';
import { DigestSum, rowDigest } from '@tillcast/protocol/digest';
import { decodeMessage } from '@tillcast/protocol/messages/envelope';
import type { MemoryDatabase, MemoryLicense } from './memory-database.ts';
import type { Surroundings } from './surroundings.ts';

/** A catalog: canonical bodies by `kind id`. */
export type Content = ReadonlyMap<string, string>;

/** A license's head from a moment on. */
interface Reign {
  readonly fromMs: number;
  readonly epoch: string;
  readonly version: number;
  readonly active: boolean;
}

interface Record {
  readonly contents: Map<string, Content>;
  readonly reigns: Reign[];
  epoch: string;
  version: number;
  content: Content;
  active: boolean;
}

/**
 * What is true: every version that was ever committed with its content, made from the rows of each change and
 * nothing else, and which version was the newest when. Checks each commit as it comes (P2).
 */
export class Chronicle {
  readonly #surroundings: Surroundings;
  readonly #records = new Map<number, Record>();
  readonly #notices = new Map<string, NewBroadcast>();

  constructor(surroundings: Surroundings) {
    this.#surroundings = surroundings;
  }

  /** A new license, or an old one with another history, from what the database now holds. */
  begin(license: MemoryLicense): void {
    const content: Content = new Map(
      [...license.items.values()].flatMap(({ kind, id, body }) =>
        body === null ? [] : [[`${kind} ${id}`, body] as const],
      ),
    );
    const known = this.#records.get(license.id);
    const { epoch, version } = license;
    const active = license.status === 'active';
    const contents = known?.contents ?? new Map<string, Content>();
    contents.set(`${epoch} ${version}`, content);
    const record: Record = { contents, reigns: known?.reigns ?? [], epoch, version, content, active };
    this.#records.set(license.id, record);
    this.#reign(record);
    this.#checkDigest(license, license.digest, content);
  }

  beginAll(database: MemoryDatabase): void {
    for (const license of database.licenses.values()) this.begin(license);
  }

  /** P2: the next number of the same history, with the digest of exactly these rows, in a message that says so. */
  onCommitted(license: MemoryLicense, change: Change, rows: readonly ItemRow[]): void {
    const record = this.#of(license.id);
    const { broken, trace } = this.#surroundings;
    const expected = `${record.epoch} v${record.version + 1}`;
    const found = `${change.epoch} v${change.version}`;
    trace.add('committed', () => `${license.key} ${found} ${change.type} of ${rows.length}`);
    if (found !== expected)
      return broken('P2 contiguity', `${license.key} committed ${found}, not ${expected}`);
    const content = new Map(record.content);
    for (const { kind, id, body } of rows) {
      if (body === null) content.delete(`${kind} ${id}`);
      else content.set(`${kind} ${id}`, body);
    }
    const message = decodeMessage(change.message);
    const saysSo =
      'epoch' in message &&
      message.license_key === license.key &&
      message.epoch === change.epoch &&
      message.version === change.version &&
      message.digest === change.digest;
    if (!saysSo) broken('P2 contiguity', `${license.key} ${found} is in a message that says something else`);
    record.version = change.version;
    record.content = content;
    record.active = license.status === 'active';
    record.contents.set(`${change.epoch} ${change.version}`, content);
    this.#reign(record);
    this.#checkDigest(license, change.digest, content);
    return undefined;
  }

  announced(broadcast: NewBroadcast): void {
    this.#surroundings.trace.add('announced', () => `notice ${broadcast.id}`);
    this.#notices.set(broadcast.id, broadcast);
  }

  /** A notice as it was signed; undefined where there never was such a one. */
  notice(id: string): NewBroadcast | undefined {
    return this.#notices.get(id);
  }

  /** What the log says at a version; undefined where there never was such a version. */
  contentAt(licenseId: number, epoch: string, version: number): Content | undefined {
    return this.#of(licenseId).contents.get(`${epoch} ${version}`);
  }

  newest(licenseId: number): { readonly epoch: string; readonly version: number; readonly content: Content } {
    return this.#of(licenseId);
  }

  /** Whether, at some moment since `sinceMs`, who holds this version held the newest of a license in force. */
  wasNewestSince(licenseId: number, held: { epoch: string; version: number }, sinceMs: number): boolean {
    const { reigns } = this.#of(licenseId);
    for (let index = reigns.length - 1; index >= 0; index -= 1) {
      const reign = reigns[index];
      if (reign === undefined) return false;
      if (reign.active && reign.epoch === held.epoch && reign.version <= held.version) return true;
      if (reign.fromMs <= sinceMs) return false;
    }
    return false;
  }

  #of(licenseId: number): Record {
    const record = this.#records.get(licenseId);
    if (record === undefined) throw new Error(`Nothing is known of license ${licenseId}.`);
    return record;
  }

  #reign({ reigns, epoch, version, active }: Record): void {
    reigns.push({ fromMs: this.#surroundings.scheduler.nowMs, epoch, version, active });
  }

  #checkDigest({ key }: MemoryLicense, digest: string, content: Content): void {
    const found = digestOf(content);
    if (found === digest) return;
    this.#surroundings.broken('P4 same content', `${key} says digest ${digest} of rows that have ${found}`);
  }
}

/** The digest, summed up from the rows alone. */
export function digestOf(content: Content): string {
  const sum = new DigestSum();
  for (const [ref, body] of content) {
    const space = ref.indexOf(' ');
    sum.add(rowDigest(ref.slice(0, space), ref.slice(space + 1), body));
  }
  return sum.toString();
}
