import { type ChildProcess, spawn } from 'node:child_process';
import { once } from 'node:events';
import { setTimeout as sleep } from 'node:timers/promises';
import type { Logger } from '@tillcast/broker';
import type { KioskBrowser } from './chromium.ts';

export interface KioskOptions {
  readonly browser: KioskBrowser;
  readonly url: string;
  /** A folder of the browser's own: nothing of it is needed again. */
  readonly profile: string;
  readonly logger: Logger;
}

/** A browser that ends is started again after so long, ever longer while it ends at once. */
const AGAIN_FIRST_MS = 1_000;
const AGAIN_MAX_MS = 30_000;
/** One that ran for so long did not end at once. */
const RAN_WELL_MS = 60_000;
const END_PATIENCE_MS = 4_000;

const FLAGS = [
  '--kiosk',
  '--no-first-run',
  '--no-default-browser-check',
  // After a power cut nobody is asked whether to restore what was open: the till knows it.
  '--disable-session-crashed-bubble',
  '--hide-crash-restore-bubble',
  '--noerrdialogs',
  // A finger that slips neither zooms nor leaves the page.
  '--disable-pinch',
  '--overscroll-history-navigation=0',
  '--disable-features=Translate',
];

/** Shows the till's page full screen, also again after the browser has ended, until it is stopped. */
export class Kiosk {
  readonly #options: KioskOptions;
  readonly #stopping = new AbortController();
  #child: ChildProcess | null = null;
  readonly #running: Promise<void>;

  constructor(options: KioskOptions) {
    this.#options = options;
    this.#running = this.#run();
  }

  /** Ends the browser, and waits for that. Idempotent. */
  async stop(): Promise<void> {
    this.#stopping.abort();
    end(this.#child, 'SIGTERM');
    const overdue = setTimeout(() => end(this.#child, 'SIGKILL'), END_PATIENCE_MS);
    await this.#running;
    clearTimeout(overdue);
  }

  async #run(): Promise<void> {
    const { signal } = this.#stopping;
    let waitMs = AGAIN_FIRST_MS;
    while (!signal.aborted) {
      const startedAtMs = performance.now();
      const how = await this.#show();
      if (signal.aborted) return;
      if (performance.now() - startedAtMs > RAN_WELL_MS) waitMs = AGAIN_FIRST_MS;
      this.#options.logger.warn({ how, waitMs }, 'The kiosk’s browser ended: it is started again');
      await sleep(waitMs, undefined, { signal }).catch((error: unknown) => {
        if (!signal.aborted) throw error;
      });
      waitMs = Math.min(AGAIN_MAX_MS, waitMs * 2);
    }
  }

  /** @returns how the browser ended */
  async #show(): Promise<string> {
    const { browser, url, profile } = this.#options;
    const args = [...FLAGS, `--user-data-dir=${profile}`, ...browser.flags, url];
    // A group of its own: its helpers end with it.
    const child = spawn(browser.program, args, { stdio: 'ignore', detached: true });
    this.#child = child;
    try {
      const [code, signal] = (await once(child, 'exit')) as [number | null, string | null];
      return signal ?? `code ${code ?? 0}`;
    } catch (error) {
      return error instanceof Error ? error.message : String(error);
    } finally {
      this.#child = null;
    }
  }
}

function end(child: ChildProcess | null, signal: 'SIGTERM' | 'SIGKILL'): void {
  if (child?.pid === undefined) return;
  try {
    process.kill(-child.pid, signal);
  } catch (error) {
    // It ended meanwhile.
    if (!(error instanceof Error && 'code' in error && error.code === 'ESRCH')) throw error;
  }
}
