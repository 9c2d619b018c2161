import { setTimeout as pause } from 'node:timers/promises';
import { DigestSum, EMPTY_DIGEST, rowDigest } from '@tillcast/protocol/digest';
import type { ItemsAnswer, TerminalState } from '@tillcast/protocol/http/terminal-api';
import { ITEM_KINDS } from '@tillcast/protocol/items/kind';
import { falseLive, OrderJudge } from './judge-till.ts';
import { ServerTruth } from './server-truth.ts';

/** A till that is watched. */
export interface WatchedTill {
  readonly name: string;
  readonly licenseKey: string;
  /** Where its local server is; null while it does not run. */
  readonly url: () => string | null;
}

export interface TruthCheckerOptions {
  /** Of the server itself, past any proxy. */
  readonly databaseUrl: string;
  readonly tills: () => readonly WatchedTill[];
  /** A till's rows are read and summed up so often; its state ten times in between. Default 1,000. */
  readonly contentEveryMs?: number;
  /** Where tills' files are damaged: one that is not live may show less than its version has. Default: always. */
  readonly contentIsDue?: 'always' | 'live';
  /** Default: as long as a till's proof lasts. */
  readonly proofMaxAgeMs?: number;
}

/** How much was looked at. */
export interface TruthTally {
  states: number;
  /** Of them, those that said "live". */
  live: number;
  contents: number;
}

const STATES_PER_CONTENT = 10;
/** A till that is stopped in its tracks answers nothing. */
const ANSWER_TIMEOUT_MS = 3_000;

/**
 * Looks at the tills all the time, as whoever stands at one does, and at the database, and holds one against the other:
 *
 * - a till says "live" only if it holds every version that was committed more than PROOF_MAX_AGE_MS ago;
 * - what it holds at a version is what the server held at it, summed up anew from the rows that it shows, live or not;
 * - its version never goes back within a history, so no older price shows after a newer one.
 *
 * A till that was asked at time t answers later than t, and a version that was read by time k was committed before k: so
 * what is found is never the checker's own delay.
 */
export class TruthChecker {
  readonly tally: TruthTally = { states: 0, live: 0, contents: 0 };
  readonly #options: TruthCheckerOptions;
  readonly #truth: ServerTruth;
  readonly #violations: string[] = [];
  readonly #order = new OrderJudge();
  readonly #stopping = new AbortController();
  #running: Promise<void> = Promise.resolve();
  /** One after the other: of two looks at a till at once the later answer could be read first. */
  #looks: Promise<void> = Promise.resolve();

  constructor(options: TruthCheckerOptions) {
    this.#options = options;
    this.#truth = new ServerTruth(options.databaseUrl);
  }

  start(): void {
    this.#running = this.#run();
  }

  /** From now on another database is the server's. */
  readFrom(databaseUrl: string): Promise<void> {
    return this.#truth.readFrom(databaseUrl);
  }

  /** Looks at everything once, now. @throws Error with both sides of whatever was found so far */
  async check(): Promise<void> {
    await this.#look(true);
    this.#report();
  }

  /** Looks at every till's state once, now, and not at its rows. @throws Error as `check` does */
  async checkStates(): Promise<void> {
    await this.#look(false);
    this.#report();
  }

  /** @throws Error with both sides of whatever was found; or where nothing was looked at */
  async stop(): Promise<void> {
    this.#stopping.abort();
    await this.#running;
    await this.#truth.stop();
    this.#report();
    const { live, contents } = this.tally;
    if (live === 0 || contents === 0) throw new Error('No live till was seen, so nothing was shown.');
  }

  #report(): void {
    if (this.#violations.length === 0) return;
    // Once: whoever was told need not be told again when the stage is cleared away.
    const told = this.#violations.splice(0);
    const shown = told.slice(0, 5).join('\n\n');
    throw new Error(`${told.length} times a till did not tell the truth:\n\n${shown}`);
  }

  #note(found: string | null): void {
    if (found !== null) this.#violations.push(found);
  }

  async #run(): Promise<void> {
    const { contentEveryMs = 1_000 } = this.#options;
    for (let look = 0; !this.#stopping.signal.aborted; look += 1) {
      await this.#look(look % STATES_PER_CONTENT === 0);
      await pause(contentEveryMs / STATES_PER_CONTENT);
    }
  }

  #look(withContent: boolean): Promise<void> {
    this.#looks = this.#looks.then(async () => {
      await this.#truth.look();
      await Promise.all(this.#options.tills().map((till) => this.#lookAt(till, withContent)));
    });
    return this.#looks;
  }

  async #lookAt(till: WatchedTill, withContent: boolean): Promise<void> {
    const url = till.url();
    if (url === null) return;
    const askedAtMs = performance.now();
    const state = await read<TerminalState>(`${url}/api/state`);
    if (state === null) return;
    this.tally.states += 1;
    this.#note(this.#order.judge(till.name, state));
    if (state.status === 'live') {
      this.tally.live += 1;
      this.#note(falseLive(this.#truth, till, state, askedAtMs, this.#options.proofMaxAgeMs));
    }
    const isDue = this.#options.contentIsDue !== 'live' || state.status === 'live';
    if (withContent && isDue) await this.#judgeContent(till, state, url);
  }

  async #judgeContent(till: WatchedTill, before: TerminalState, url: string): Promise<void> {
    const { epoch, version, digest } = before;
    if (epoch === null || version === null) return;
    const lists = await Promise.all(ITEM_KINDS.map((kind) => read<ItemsAnswer>(`${url}/api/items/${kind}`)));
    const after = await read<TerminalState>(`${url}/api/state`);
    // It moved on between one list and the next: another look will do.
    if (after === null || after.epoch !== epoch || after.version !== version) return;
    const sum = new DigestSum();
    for (const [index, kind] of ITEM_KINDS.entries()) {
      const list = lists[index];
      if (list === null || list === undefined) return;
      for (const item of list.items) sum.add(rowDigest(kind, item.id, JSON.stringify(item)));
    }
    this.tally.contents += 1;
    const shown = sum.toString();
    let known = this.#truth.versionOf(till.licenseKey, epoch, version);
    if (known === null) {
      await this.#truth.look();
      known = this.#truth.versionOf(till.licenseKey, epoch, version);
    }
    const trueDigest = version === 0 ? EMPTY_DIGEST : known?.digest;
    if (shown === digest && shown === trueDigest) return;
    if (this.#options.contentIsDue === 'live' && after.status !== 'live') return;
    this.#violations.push(
      `${till.name} at version ${version} of ${epoch}: its rows sum up to ${shown}, its cursor says ${digest}, the ` +
        `server's is ${trueDigest ?? 'not known'}.\n  till: ${JSON.stringify(after)}`,
    );
  }
}

/** Null where there is no answer: it does not run, or is stopped in its tracks. */
async function read<T>(url: string): Promise<T | null> {
  try {
    const answer = await fetch(url, { signal: AbortSignal.timeout(ANSWER_TIMEOUT_MS) });
    return answer.ok ? ((await answer.json()) as T) : null;
  } catch {
    return null;
  }
}
