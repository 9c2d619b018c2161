interface Entry {
  readonly timeMs: number;
  /** Of entries at the same time, the earlier made comes first. */
  readonly order: number;
  run: (() => void) | null;
}

/** Virtual time: what is to happen, in order. Nothing happens by itself. */
export class Scheduler {
  readonly #heap: Entry[] = [];
  #order = 0;
  #nowMs = 0;

  /** Milliseconds since the simulation began. */
  get nowMs(): number {
    return this.#nowMs;
  }

  /** Has `run` called at a time, or now where that is past; the function that it returns calls it off. */
  at(timeMs: number, run: () => void): () => void {
    const entry: Entry = { timeMs: Math.max(timeMs, this.#nowMs), order: this.#order, run };
    this.#order += 1;
    this.#push(entry);
    return () => {
      entry.run = null;
    };
  }

  after(delayMs: number, run: () => void): () => void {
    return this.at(this.#nowMs + delayMs, run);
  }

  /** Goes on to the next event that was not called off, and runs it; false where there is none up to `untilMs`. */
  runNext(untilMs: number): boolean {
    for (let first = this.#heap[0]; first !== undefined && first.timeMs <= untilMs; first = this.#heap[0]) {
      this.#pop();
      const { run } = first;
      if (run === null) continue;
      this.#nowMs = first.timeMs;
      run();
      return true;
    }
    this.#nowMs = Math.max(this.#nowMs, untilMs);
    return false;
  }

  #push(entry: Entry): void {
    const heap = this.#heap;
    let index = heap.length;
    heap.push(entry);
    while (index > 0) {
      const parentIndex = (index - 1) >> 1;
      const parent = heap[parentIndex];
      if (parent === undefined || !isBefore(entry, parent)) break;
      heap[index] = parent;
      index = parentIndex;
    }
    heap[index] = entry;
  }

  #pop(): void {
    const heap = this.#heap;
    const last = heap.pop();
    if (last === undefined || heap.length === 0) return;
    let index = 0;
    for (;;) {
      const left = 2 * index + 1;
      const [a, b] = [heap[left], heap[left + 1]];
      if (a === undefined) break;
      const [child, childIndex] = b !== undefined && isBefore(b, a) ? [b, left + 1] : [a, left];
      if (!isBefore(child, last)) break;
      heap[index] = child;
      index = childIndex;
    }
    heap[index] = last;
  }
}

function isBefore(a: Entry, b: Entry): boolean {
  return a.timeMs < b.timeMs || (a.timeMs === b.timeMs && a.order < b.order);
}
