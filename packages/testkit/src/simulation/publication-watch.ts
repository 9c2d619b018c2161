import type { Progress, WaitingChange } from '@tillcast/backend/internals';
import type { OutgoingMessage } from '@tillcast/broker';
import { decodeContent } from '@tillcast/broker';
import { decodeMessage } from '@tillcast/protocol/messages/envelope';
import type { MemoryDatabase } from './memory-database.ts';
import type { Surroundings } from './surroundings.ts';

/** P3 at the relay: what is marked as published was confirmed by the broker, every version of it. */
export class PublicationWatch {
  readonly #surroundings: Surroundings;
  /** By license and epoch: the versions that the broker confirmed, or that are left to the delta. */
  readonly #confirmed = new Map<string, Set<number>>();
  readonly #broadcasts = new Set<string>();

  constructor(surroundings: Surroundings) {
    this.#surroundings = surroundings;
  }

  /** What a relay was told to leave to the delta need not be confirmed. */
  read(database: MemoryDatabase, changes: readonly WaitingChange[]): void {
    for (const { licenseId, version, passedOver } of changes) {
      const { key, epoch } = database.get(licenseId);
      for (let each = version - passedOver; each < version; each += 1) this.#settle(`${key} ${epoch}`, each);
    }
  }

  confirmed(message: OutgoingMessage): void {
    const text = Buffer.from(decodeContent(message.body, message.contentEncoding)).toString();
    const change = decodeMessage(text);
    if (!('epoch' in change)) {
      this.#surroundings.trace.add('published', () => `notice ${change.id}`);
      this.#broadcasts.add(change.id);
      return;
    }
    const { license_key, epoch, version } = change;
    this.#surroundings.trace.add('published', () => `${license_key} ${epoch} v${version} ${change.type}`);
    this.#settle(`${license_key} ${epoch}`, version);
  }

  #settle(history: string, version: number): void {
    const versions = this.#confirmed.get(history) ?? new Set();
    versions.add(version);
    this.#confirmed.set(history, versions);
  }

  markingBroadcasts(ids: readonly string[]): void {
    const missing = ids.find((id) => !this.#broadcasts.has(id));
    if (missing === undefined) return;
    this.#surroundings.broken('P3 no loss', `Notice ${missing} is marked as published, and never was`);
  }

  marking(database: MemoryDatabase, done: readonly Progress[]): void {
    for (const { licenseId, version } of done) {
      const { key, epoch, publishedVersion } = database.get(licenseId);
      const confirmed = this.#confirmed.get(`${key} ${epoch}`);
      for (let each = publishedVersion + 1; each <= version; each += 1) {
        if (confirmed?.has(each) === true) continue;
        this.#surroundings.broken(
          'P3 no loss',
          `${key} is marked as published up to v${version}, but v${each} never was`,
        );
        return;
      }
    }
  }
}
