/** So many changes lie on top at most: then all are put together anew. */
const LAYER_MAX = 256;

/**
 * A map that is never changed in place, of which a changed copy costs what has changed: to copy a map of 10,000 takes 3 ms, and a
 * page may have to do so thirty times a second.
 */
export class LayeredMap<V> implements ReadonlyMap<string, V> {
  readonly size: number;
  readonly #base: ReadonlyMap<string, V>;
  /** What differs from the base; undefined: it is not there. */
  readonly #layer: ReadonlyMap<string, V | undefined>;

  private constructor(base: ReadonlyMap<string, V>, layer: ReadonlyMap<string, V | undefined>, size: number) {
    this.#base = base;
    this.#layer = layer;
    this.size = size;
  }

  /** @param base must not be changed from now on */
  static of<V>(base: ReadonlyMap<string, V>): LayeredMap<V> {
    return new LayeredMap<V>(base, new Map<string, V | undefined>(), base.size);
  }

  /** The map after changes; null: it is there no more. What was there keeps its place, what is new comes last. */
  with(changes: ReadonlyMap<string, V | null>): LayeredMap<V> {
    const layer = new Map(this.#layer);
    let { size } = this;
    for (const [key, value] of changes) {
      size += Number(value !== null) - Number(this.has(key));
      layer.set(key, value ?? undefined);
    }
    const next = new LayeredMap(this.#base, layer, size);
    return layer.size <= LAYER_MAX ? next : LayeredMap.of(new Map<string, V>(next));
  }

  get(key: string): V | undefined {
    return this.#layer.has(key) ? this.#layer.get(key) : this.#base.get(key);
  }

  has(key: string): boolean {
    return this.get(key) !== undefined;
  }

  *entries(): MapIterator<[string, V]> {
    for (const key of this.#base.keys()) {
      const value = this.get(key);
      if (value !== undefined) yield [key, value];
    }
    for (const [key, value] of this.#layer) {
      if (value !== undefined && !this.#base.has(key)) yield [key, value];
    }
  }

  *keys(): MapIterator<string> {
    for (const [key] of this) yield key;
  }

  *values(): MapIterator<V> {
    for (const [, value] of this) yield value;
  }

  [Symbol.iterator](): MapIterator<[string, V]> {
    return this.entries();
  }

  forEach(call: (value: V, key: string, map: ReadonlyMap<string, V>) => void): void {
    for (const [key, value] of this) call(value, key, this);
  }
}
