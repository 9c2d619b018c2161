import { setTimeout as pause } from 'node:timers/promises';
import type { TillFleet } from '@tillcast/testkit/storm';
import { falseLive, OrderJudge } from './judge-till.ts';
import { ServerTruth } from './server-truth.ts';

const LOOK_EVERY_MS = 250;

/** Looks at many tills all the time, as the truth checker looks at a few: at their states, not at their rows. */
export class FleetTruth implements AsyncDisposable {
  readonly tally: { looks: number; live: number } = { looks: 0, live: 0 };
  readonly #fleet: TillFleet;
  readonly #truth: ServerTruth;
  readonly #order = new OrderJudge();
  readonly #violations: string[] = [];
  readonly #stopping = new AbortController();
  readonly #running: Promise<void>;

  /** @param databaseUrl with all rights */
  constructor(databaseUrl: string, fleet: TillFleet) {
    this.#fleet = fleet;
    this.#truth = new ServerTruth(databaseUrl);
    this.#running = this.#run();
  }

  /** @throws Error where a till did not tell the truth, or nothing was looked at */
  async stop(): Promise<void> {
    await this[Symbol.asyncDispose]();
    if (this.tally.live === 0) throw new Error('No live till was seen, so nothing was shown.');
    if (this.#violations.length === 0) return;
    const shown = this.#violations.slice(0, 5).join('\n\n');
    throw new Error(`${this.#violations.length} times a till did not tell the truth:\n\n${shown}`);
  }

  /** Looks no more, whatever was found. */
  async [Symbol.asyncDispose](): Promise<void> {
    this.#stopping.abort();
    await this.#running;
    await this.#truth.stop();
  }

  async #run(): Promise<void> {
    while (!this.#stopping.signal.aborted) {
      await this.#look();
      await pause(LOOK_EVERY_MS);
    }
  }

  async #look(): Promise<void> {
    await this.#truth.look();
    const askedAtMs = performance.now();
    const states = await this.#fleet.states();
    this.tally.looks += states.length;
    for (const [index, state] of states.entries()) {
      const till = this.#fleet.tills[index];
      if (till === undefined) continue;
      const named = { name: till.terminalId, licenseKey: till.licenseKey };
      const found = [this.#order.judge(named.name, state)];
      if (state.status === 'live') {
        this.tally.live += 1;
        found.push(falseLive(this.#truth, named, state, askedAtMs));
      }
      this.#violations.push(...found.filter((each) => each !== null));
    }
  }
}
