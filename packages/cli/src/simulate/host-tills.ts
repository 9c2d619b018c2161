import { createFetch, createLogger, type Logger } from '@tillcast/broker';
import { asTillcastError } from '@tillcast/protocol/errors';
import { toMinor } from '@tillcast/protocol/money';
import type { SaleId } from '@tillcast/protocol/sales/sale-id';
import {
  activateHostedTill,
  type BasketLine,
  type HostedIdentity,
  type HostedTill,
  openHostedTill,
} from '@tillcast/terminal';
import type { HostedTillPlan, HostOrder, HostReport, SoldReport } from './host-messages.ts';

type OpenOrder = Extract<HostOrder, { order: 'open' }>;

/** So many of a process's tills are on their way to being open at once: an activation takes the server a while. */
const OPENING_AT_ONCE = 4;
/** Where the backend lets no more in for now. */
const HELD_MS = 5_000;

/** A sale that the server has not answered for. */
interface Pending {
  readonly savedAtMs: number;
  /** Its till was cut off since: how long it takes says nothing of the server. */
  cutOff: boolean;
}

interface Place {
  readonly till: HostedTill;
  readonly pending: Map<SaleId, Pending>;
  /** One customer after the other. */
  serving: Promise<void>;
}

/** The tills of one process: opens them, has them sell, cuts them off, and gathers what is to be told. */
export class HostTills {
  readonly #tell: (report: HostReport) => void;
  readonly #places = new Map<number, Place>();
  readonly #stopping = new AbortController();
  readonly #logger: Logger;
  #opening: Promise<unknown> = Promise.resolve();
  #sold: SoldReport[] = [];
  #handInMs: number[] = [];
  #answered = 0;
  #notSold = 0;
  #trouble: string | null = null;

  constructor(tell: (report: HostReport) => void) {
    this.#tell = tell;
    // Outages are on purpose: what each till has to say of them is of no use.
    this.#logger = createLogger({ service: 'tillcast-simulate', level: 'error' });
  }

  /** Opens all, a few at once; resolves when each is on its way. @throws TillcastError */
  open(order: OpenOrder): Promise<void> {
    const fetch = createFetch(order.caPem);
    const plans = order.tills.values();
    const work = async (): Promise<void> => {
      for (const plan of plans) {
        const identity = await this.#identify(order, plan, fetch);
        if (identity === null) return;
        this.#places.set(plan.place, await this.#openOne(order, plan, identity, fetch));
        this.#tell({ told: 'opened', terminalId: identity.terminalId });
      }
    };
    const opening = Promise.all(Array.from({ length: OPENING_AT_ONCE }, work)).then(() => undefined);
    // Whoever stops waits for it, whatever comes of it.
    this.#opening = opening.catch(() => undefined);
    return opening;
  }

  /** A customer comes to a till, and waits until those before are served. */
  sell({ place, basket, dueAtMs }: Extract<HostOrder, { order: 'sell' }>): void {
    const at = this.#places.get(place);
    if (at === undefined) return;
    at.serving = at.serving.then(() => this.#serve(at, basket, dueAtMs));
  }

  /** Cuts a till off from everything, or lets it be reached again. */
  setLink(place: number, cut: boolean): void {
    const at = this.#places.get(place);
    if (at === undefined) return;
    if (!cut) {
      at.till.link.mend();
      return;
    }
    at.till.link.cut();
    for (const pending of at.pending.values()) pending.cutOff = true;
  }

  /** What is new since the last time. */
  news(): HostReport {
    const places = [...this.#places.values()];
    const report: HostReport = {
      told: 'news',
      live: places.filter(({ till }) => till.isLive()).length,
      sold: this.#sold,
      handInMs: this.#handInMs,
      answered: this.#answered,
      notSold: this.#notSold,
      trouble: this.#trouble,
    };
    this.#sold = [];
    this.#handInMs = [];
    this.#answered = 0;
    this.#notSold = 0;
    return report;
  }

  /** What the tills' files say of sales that the server has not taken. */
  async count(): Promise<HostReport> {
    const places = [...this.#places.values()];
    await Promise.all(places.map(({ serving }) => serving));
    const unsent = places.map(({ till }) => till.countUnsent());
    return {
      told: 'counted',
      waiting: unsent.reduce((sum, { waiting }) => sum + waiting, 0),
      rejected: unsent.reduce((sum, { rejected }) => sum + rejected, 0),
    };
  }

  async stop(): Promise<void> {
    this.#stopping.abort();
    await this.#opening;
    await Promise.all(
      [...this.#places.values()].map(async ({ till, serving }) => {
        await serving;
        await till.stop();
      }),
    );
  }

  /** Null where it is to stop meanwhile. */
  async #identify(
    { backendUrl, admission }: OpenOrder,
    { name, licenseKey }: HostedTillPlan,
    fetch: ReturnType<typeof createFetch>,
  ): Promise<HostedIdentity | null> {
    while (!this.#stopping.signal.aborted) {
      if (admission.by === 'name') {
        const { brokerUrls } = admission;
        return { kind: 'named', licenseKey, terminalId: crypto.randomUUID(), name, brokerUrls };
      }
      const { code: activationCode } = admission;
      try {
        return await activateHostedTill({ fetch, backendUrl, licenseKey, activationCode, name });
      } catch (error) {
        const { code, message } = asTillcastError(error);
        if (code !== 'rate_limited' && code !== 'overloaded') throw error;
        this.#tell({ told: 'held', why: message });
        await this.#pause(HELD_MS);
      }
    }
    return null;
  }

  async #openOne(
    { backendUrl, brokerCaPem }: OpenOrder,
    { folder: dataDir }: HostedTillPlan,
    identity: HostedIdentity,
    fetch: ReturnType<typeof createFetch>,
  ): Promise<Place> {
    const pending = new Map<SaleId, Pending>();
    const till = await openHostedTill({
      ...{ identity, dataDir, backendUrl, fetch, brokerCaPem, logger: this.#logger },
      onVerdicts: (verdicts) => {
        const now = performance.now();
        for (const verdict of verdicts) {
          const sale = pending.get(verdict.id);
          // One that is answered again, after the server was restored, counts once.
          this.#answered += pending.delete(verdict.id) ? 1 : 0;
          if (verdict.outcome === 'rejected') this.#trouble = `${verdict.code}: ${verdict.detail}`;
          else if (sale?.cutOff === false) this.#handInMs.push(now - sale.savedAtMs);
        }
      },
    });
    return { till, pending, serving: Promise.resolve() };
  }

  async #serve({ till, pending }: Place, basket: readonly BasketLine[], dueAtMs: number): Promise<void> {
    const lateMs = Math.max(0, performance.timeOrigin + performance.now() - dueAtMs);
    try {
      const known = basket.filter(({ productId }) => till.sells(productId));
      if (known.length === 0) {
        this.#refuse("the catalog has none of the recording's products that were asked for");
        return;
      }
      const { sale, saveMs } = await till.sell(known);
      const cutOff = till.link.isCut;
      pending.set(sale.id, { savedAtMs: performance.now(), cutOff });
      const { currency, sold_at: soldAt, total } = sale;
      const minor = toMinor(total, currency);
      this.#sold.push({ day: soldAt.slice(0, 10), currency, minor, saveMs, lateMs, cutOff });
    } catch (error) {
      this.#refuse(asTillcastError(error).message);
    }
  }

  #refuse(why: string): void {
    this.#notSold += 1;
    this.#trouble = why;
  }

  async #pause(durationMs: number): Promise<void> {
    const { promise, resolve } = Promise.withResolvers<void>();
    const timer = setTimeout(resolve, durationMs);
    this.#stopping.signal.addEventListener('abort', () => resolve(), { once: true });
    await promise;
    clearTimeout(timer);
  }
}
