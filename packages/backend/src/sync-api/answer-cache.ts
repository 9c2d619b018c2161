import { LRUCache } from 'lru-cache';
import type { Encoding } from '../http/accept-encoding.ts';
import { COMPRESSION_THRESHOLD_BYTES, compress } from '../http/compress.ts';
import { SingleFlight } from './single-flight.ts';

/** A finished answer: the bytes to send, and the coding that they are in. */
export interface FinishedAnswer {
  /** Null where the content has none. */
  readonly etag: string | null;
  readonly encoding: Encoding;
  readonly body: Buffer;
}

/** What a read of the database gives: which content it turned out to be, and its text. */
export interface LoadedAnswer {
  /** Names the content: license, history, version and part. The same key always means the same content. */
  readonly key: string;
  readonly etag: string | null;
  readonly body: string;
}

interface PlainAnswer extends FinishedAnswer {
  readonly key: string;
  readonly encoding: 'identity';
}

/** Room that an entry takes besides its body, roughly. */
const ENTRY_BYTES = 512;

/**
 * Finished answers by content and coding, the least recently used dropped beyond a bound of bytes.
 *
 * Content is named by version, so an entry is never wrong, only no longer asked for. However many ask at
 * once for what is not there, one read and one compression are made; a failed one is told to all who
 * waited for it, and not kept.
 */
export class AnswerCache {
  readonly #plain: LRUCache<string, PlainAnswer>;
  readonly #encoded: LRUCache<string, FinishedAnswer>;
  readonly #reads = new SingleFlight<PlainAnswer>();
  readonly #compressions = new SingleFlight<FinishedAnswer>();

  /** @param options.maxBytes the bound: half for plain bodies, half for compressed ones */
  constructor(options: { readonly maxBytes: number }) {
    const maxSize = Math.ceil(options.maxBytes / 2);
    this.#plain = new LRUCache<string, PlainAnswer>({ maxSize, sizeCalculation });
    this.#encoded = new LRUCache<string, FinishedAnswer>({ maxSize, sizeCalculation });
  }

  /** Bytes held just now. */
  get bytes(): number {
    return this.#plain.calculatedSize + this.#encoded.calculatedSize;
  }

  /**
   * The answer for a key in a coding; in `identity` where it is too small to be worth compressing.
   * @param load reads it; it may find newer content than was asked for, which is then kept under its own key
   */
  async get(key: string, encoding: Encoding, load: () => Promise<LoadedAnswer>): Promise<FinishedAnswer> {
    if (encoding === 'identity') return this.#read(key, load);
    const name = `${key} ${encoding}`;
    const held = this.#encoded.get(name);
    if (held !== undefined) return held;
    return this.#compressions.do(name, async () => {
      const plain = await this.#read(key, load);
      if (plain.body.length < COMPRESSION_THRESHOLD_BYTES) return plain;
      const answer = { etag: plain.etag, encoding, body: await compress(plain.body, encoding) };
      this.#encoded.set(`${plain.key} ${encoding}`, answer);
      return answer;
    });
  }

  async #read(key: string, load: () => Promise<LoadedAnswer>): Promise<PlainAnswer> {
    const held = this.#plain.get(key);
    if (held !== undefined) return held;
    return this.#reads.do(key, async () => {
      const loaded = await load();
      const { etag, key: actual } = loaded;
      const answer: PlainAnswer = { key: actual, etag, encoding: 'identity', body: Buffer.from(loaded.body) };
      this.#plain.set(actual, answer);
      return answer;
    });
  }
}

function sizeCalculation(answer: FinishedAnswer, key: string): number {
  return answer.body.length + key.length + ENTRY_BYTES;
}
