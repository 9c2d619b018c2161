import type { Encoding } from '../http/accept-encoding.ts';
import { COMPRESSION_THRESHOLD_BYTES, compress } from '../http/compress.ts';
import { SharedCache } from './shared-cache.ts';
import { SingleFlight } from './single-flight.ts';
import { Turns } from './turns.ts';

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

/** Which content is asked for. */
export interface AskedContent {
  /** Whose it is. */
  readonly licenseId: number;
  /** Names the content, beginning with the license's number. */
  readonly key: string;
  /**
   * A `part` of the catalog; a `page` of changes, of which there are as many as tills may have been away; or
   * something `odd` that nobody else will ask for, and that is not kept.
   */
  readonly keeping: Keeping;
}

export type Keeping = 'part' | 'page' | 'odd';

interface PlainAnswer extends FinishedAnswer {
  readonly key: string;
  readonly encoding: 'identity';
}

/** Room that an entry takes besides its body, roughly. */
const ENTRY_BYTES = 512;
/** What of the cache one license may fill, so that none drops everything of all others. */
const SHARES: Readonly<Record<Exclude<Keeping, 'odd'>, number>> = { part: 1 / 2, page: 1 / 8 };
/** Different contents that are read and compressed for one license at once; a page has up to 8 MiB. */
const READS_AT_ONCE = 4;

/**
 * Finished answers by content and coding, the least recently used dropped beyond a bound of bytes.
 *
 * Content is named by version, so an entry is never wrong, only no longer asked for. However many ask at
 * once for what is not there, one read and one compression are made; a failed one is told to all who
 * waited for it, and not kept.
 */
export class AnswerCache {
  readonly #plain: SharedCache<PlainAnswer>;
  readonly #encoded: SharedCache<FinishedAnswer>;
  readonly #reads = new SingleFlight<PlainAnswer>();
  readonly #answers = new SingleFlight<FinishedAnswer>();
  readonly #turns = new Turns(READS_AT_ONCE);

  /** @param options.maxBytes the bound: half for plain bodies, half for compressed ones */
  constructor(options: { readonly maxBytes: number }) {
    const maxBytes = Math.ceil(options.maxBytes / 2);
    this.#plain = new SharedCache({ maxBytes });
    this.#encoded = new SharedCache({ maxBytes });
  }

  /** Bytes held just now. */
  get bytes(): number {
    return this.#plain.bytes + this.#encoded.bytes;
  }

  /**
   * The answer for a content in a coding; in `identity` where it is too small to be worth compressing.
   * @param load reads it; it may find newer content than was asked for, which is then kept under its own key
   */
  async get(
    asked: AskedContent,
    encoding: Encoding,
    load: () => Promise<LoadedAnswer>,
  ): Promise<FinishedAnswer> {
    const name = `${asked.key} ${encoding}`;
    const held = encoding === 'identity' ? this.#plain.get(asked.key) : this.#encoded.get(name);
    if (held !== undefined) return held;
    // The read of a content may be under way in another turn, which needs no further one to end.
    return this.#answers.do(name, () =>
      this.#turns.take(String(asked.licenseId), () => this.#make(asked, encoding, load)),
    );
  }

  async #make(
    asked: AskedContent,
    encoding: Encoding,
    load: () => Promise<LoadedAnswer>,
  ): Promise<FinishedAnswer> {
    const plain = await this.#read(asked, load);
    if (encoding === 'identity' || plain.body.length < COMPRESSION_THRESHOLD_BYTES) return plain;
    const answer = { etag: plain.etag, encoding, body: await compress(plain.body, encoding) };
    keep(this.#encoded, asked, `${plain.key} ${encoding}`, answer);
    return answer;
  }

  async #read(asked: AskedContent, load: () => Promise<LoadedAnswer>): Promise<PlainAnswer> {
    const held = this.#plain.get(asked.key);
    if (held !== undefined) return held;
    return this.#reads.do(asked.key, async () => {
      const loaded = await load();
      const { etag, key } = loaded;
      const answer: PlainAnswer = { key, etag, encoding: 'identity', body: Buffer.from(loaded.body) };
      keep(this.#plain, asked, key, answer);
      return answer;
    });
  }
}

function keep<A extends FinishedAnswer>(
  cache: SharedCache<A>,
  { licenseId, keeping }: AskedContent,
  key: string,
  answer: A,
): void {
  if (keeping === 'odd') return;
  const bytes = answer.body.length + key.length + ENTRY_BYTES;
  cache.set(key, answer, { owner: `${licenseId} ${keeping}`, bytes, share: SHARES[keeping] });
}
