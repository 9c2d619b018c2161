import { LRUCache } from 'lru-cache';

interface Held<V> {
  readonly value: V;
  readonly owner: string;
  readonly bytes: number;
}

interface Owner {
  bytes: number;
  /** The least recently used first. */
  readonly keys: Set<string>;
}

/**
 * Values by key within a bound of bytes, the least recently used dropped first. Each owner may hold no more than
 * a share of it: what is beyond drops the owner's own, so that nobody who asks for much drops what is others'.
 */
export class SharedCache<V extends object> {
  readonly #maxBytes: number;
  readonly #entries: LRUCache<string, Held<V>>;
  readonly #owners = new Map<string, Owner>();

  constructor(options: { readonly maxBytes: number }) {
    this.#maxBytes = options.maxBytes;
    this.#entries = new LRUCache<string, Held<V>>({
      maxSize: options.maxBytes,
      sizeCalculation: ({ bytes }) => bytes,
      dispose: (held, key) => this.#forget(held, key),
    });
  }

  /** Bytes held just now. */
  get bytes(): number {
    return this.#entries.calculatedSize;
  }

  get(key: string): V | undefined {
    const held = this.#entries.get(key);
    if (held === undefined) return undefined;
    const keys = this.#owners.get(held.owner)?.keys;
    keys?.delete(key);
    keys?.add(key);
    return held.value;
  }

  /**
   * Keeps a value, unless it is larger than its owner's share.
   * @param of.share how much of the bound the owner may hold, from 0 to 1
   */
  set(
    key: string,
    value: V,
    of: { readonly owner: string; readonly bytes: number; readonly share: number },
  ): void {
    const { owner: name, bytes, share } = of;
    const room = Math.floor(this.#maxBytes * share) - bytes;
    if (room < 0) return;
    this.#entries.delete(key);
    for (const oldest of this.#owners.get(name)?.keys ?? []) {
      if ((this.#owners.get(name)?.bytes ?? 0) <= room) break;
      this.#entries.delete(oldest);
    }
    const owner = this.#owners.get(name) ?? { bytes: 0, keys: new Set<string>() };
    this.#owners.set(name, owner);
    owner.bytes += bytes;
    owner.keys.add(key);
    this.#entries.set(key, { value, owner: name, bytes });
  }

  #forget({ owner: name, bytes }: Held<V>, key: string): void {
    const owner = this.#owners.get(name);
    if (owner === undefined || !owner.keys.delete(key)) return;
    owner.bytes -= bytes;
    if (owner.keys.size === 0) this.#owners.delete(name);
  }
}
