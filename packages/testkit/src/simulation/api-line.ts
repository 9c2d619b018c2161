import type { Fetch, FetchInit } from '@tillcast/broker';
import type { SimulatedProcess } from './process.ts';
import type { Random } from './random.ts';
import type { Surroundings } from './surroundings.ts';
import type { SimulatedAnswer, SimulatedSyncApi } from './sync-api.ts';

/** A slow answer takes so long at most: longer than a report waits, shorter than a pull does. */
const SLOW_MAX_MS = 12_000;

/** What the API as a whole does at a moment: answers, answers with an error, or keeps silent. */
export type ApiHealth = 'well' | 'failing' | 'silent';

/** What is sent on a line: questions about the catalog, or sales. Each kind fails by chances of its own. */
export type LineKind = 'questions' | 'sales';

/** The backends behind one address, and how they are as a whole. */
export interface ApiAccess {
  readonly apis: readonly SimulatedSyncApi[];
  readonly health: () => ApiHealth;
}

/** A till's way to the sync API: a `fetch` whose questions and answers are late, lost, or broken off. */
export class ApiLine {
  readonly #surroundings: Surroundings;
  readonly #process: SimulatedProcess;
  readonly #apis: readonly SimulatedSyncApi[];
  readonly #health: () => ApiHealth;
  readonly #random: Random;
  readonly #turns: Random;
  readonly #onAsked: (path: string) => void;
  /** Of sales alone. */
  readonly #more: Random | null;

  constructor(
    surroundings: Surroundings,
    process: SimulatedProcess,
    api: ApiAccess,
    onAsked: (path: string) => void,
    kind: LineKind = 'questions',
  ) {
    this.#surroundings = surroundings;
    this.#process = process;
    this.#apis = api.apis;
    this.#health = api.health;
    this.#onAsked = onAsked;
    this.#random = surroundings.random.fork(`${kind} of ${process.name}`);
    const isSales = kind === 'sales';
    this.#turns = surroundings.random.fork(`backends for ${isSales ? 'sales of ' : ''}${process.name}`);
    this.#more = isSales ? surroundings.random.fork(`doubles of ${process.name}`) : null;
  }

  readonly fetch: Fetch = (address, init = {}) => {
    const url = new URL(address);
    this.#onAsked(url.pathname);
    const { promise, resolve, reject } = Promise.withResolvers<Response>();
    const { signal } = init;
    const abort = (): void => reject(signal?.reason);
    signal?.addEventListener('abort', abort, { once: true });
    const settle = (work: () => void): void => {
      this.#process.run(() => {
        signal?.removeEventListener('abort', abort);
        work();
      });
    };
    this.#ask(
      url,
      init,
      (answer) => settle(() => resolve(responseOf(answer))),
      () => settle(() => reject(new TypeError('fetch failed'))),
    );
    return promise;
  };

  #ask(url: URL, init: FetchInit, answered: (answer: SimulatedAnswer) => void, broken: () => void): void {
    const { scheduler, partitions, rates } = this.#surroundings;
    const { apiError, apiReset, apiSilent, apiSlow } = rates();
    const [fate, late, there, back] = [this.#random.next(), this.#random.next(), this.#way(), this.#way()];
    const resetBefore = this.#random.chance(0.5);
    // A partition swallows what is sent: the asker's patience ends it.
    if (partitions.isCut(this.#process.name, 'api') || fate < apiSilent) return;
    scheduler.after(there, () => {
      const health = this.#health();
      if (health === 'silent') return;
      if (fate < apiSilent + apiReset && resetBefore) return broken();
      if (health === 'failing' || fate < apiSilent + apiReset + apiError) {
        const status = this.#more?.pick([500, 503]) ?? 503;
        scheduler.after(back, () => answered({ status, body: Buffer.from('{}') }));
        return;
      }
      const { method = 'GET', headers = {}, body = null } = init;
      const question = { method, url, headers, body: typeof body === 'string' ? body : null };
      if (this.#more?.chance(rates().requestDoubled) === true) {
        const again = this.#more.pick(this.#apis);
        scheduler.after(this.#more.between(0, SLOW_MAX_MS), () => void again.answer(question));
      }
      return void this.#turns
        .pick(this.#apis)
        .answer(question)
        .then((answer) => {
          if (fate < apiSilent + apiReset) return broken();
          const isLate = this.#more?.chance(rates().answerLate) === true;
          const lateMs = isLate ? (this.#more?.between(0, SLOW_MAX_MS) ?? 0) : 0;
          const slowMs = lateMs + (late < apiSlow ? (late / apiSlow) * SLOW_MAX_MS : 0);
          scheduler.after(back + slowMs, () => {
            if (!partitions.isCut(this.#process.name, 'api')) answered(answer);
          });
          return undefined;
        });
    });
  }

  #way(): number {
    return this.#random.between(0.5, 15);
  }
}

/** What our clients use of a response. A real one takes longer than all else of a question. */
function responseOf({ status, body }: SimulatedAnswer): Response {
  const response = {
    ok: status >= 200 && status <= 299,
    status,
    headers: new Headers({ 'content-type': 'application/json' }),
    body: (async function* pieces() {
      yield body;
    })(),
  };
  // Of the interface only this part is ever read.
  return response as unknown as Response;
}
