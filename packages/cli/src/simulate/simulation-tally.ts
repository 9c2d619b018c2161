import type { HostReport } from './host-messages.ts';
import { Ledger } from './ledger.ts';

/** Two points of a spread, in milliseconds; null where nothing was measured. */
export interface Spread {
  readonly p50: number | null;
  readonly p99: number | null;
}

/** What the processes have told so far, put together. */
export class SimulationTally {
  readonly ledger: Ledger = new Ledger();
  /** Customers that were sent to a till. */
  asked = 0;
  opened = 0;
  sold = 0;
  notSold = 0;
  soldCutOff = 0;
  answered = 0;
  outages = 0;
  /** By the tills' files, in the end. */
  waiting = 0;
  rejected = 0;
  /** Why the backend lets no more tills in for now. */
  held: string | null = null;
  trouble: string | null = null;
  readonly #live = new Map<number, number>();
  readonly #saveMs: number[] = [];
  readonly #handInMs: number[] = [];
  readonly #lateMs: number[] = [];

  get live(): number {
    return [...this.#live.values()].reduce((sum, live) => sum + live, 0);
  }

  /** Customers of whom it is known what became of them. */
  get served(): number {
    return this.sold + this.notSold;
  }

  /** Sales that the server has not answered for. */
  get unanswered(): number {
    return this.sold - this.answered;
  }

  /** The server took them, by what the tills' files say. */
  get accepted(): number {
    return this.sold - this.waiting - this.rejected;
  }

  get saveMs(): Spread {
    return spreadOf(this.#saveMs);
  }

  get handInMs(): Spread {
    return spreadOf(this.#handInMs);
  }

  get lateMs(): Spread {
    return spreadOf(this.#lateMs);
  }

  take(host: number, report: HostReport): void {
    if (report.told === 'opened') {
      this.opened += 1;
      this.held = null;
    } else if (report.told === 'held') this.held = report.why;
    else if (report.told === 'news') this.#takeNews(host, report);
  }

  addUnsent(waiting: number, rejected: number): void {
    this.waiting += waiting;
    this.rejected += rejected;
  }

  #takeNews(host: number, news: Extract<HostReport, { told: 'news' }>): void {
    this.#live.set(host, news.live);
    this.answered += news.answered;
    this.notSold += news.notSold;
    this.trouble = news.trouble ?? this.trouble;
    for (const { day, currency, minor, saveMs, lateMs, cutOff } of news.sold) {
      this.sold += 1;
      this.soldCutOff += cutOff ? 1 : 0;
      this.ledger.add(day, currency, 1, minor);
      this.#saveMs.push(saveMs);
      this.#lateMs.push(lateMs);
    }
    for (const ms of news.handInMs) this.#handInMs.push(ms);
  }
}

function spreadOf(values: readonly number[]): Spread {
  const sorted = values.toSorted((a, b) => a - b);
  const at = (quantile: number): number | null => {
    const value = sorted[Math.min(sorted.length - 1, Math.floor(sorted.length * quantile))];
    return value === undefined ? null : Math.round(value * 10) / 10;
  };
  return { p50: at(0.5), p99: at(0.99) };
}
