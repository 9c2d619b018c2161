import type { Activity, ItemsAnswer, TerminalState } from '@tillcast/protocol/http/terminal-api';
import { freePort } from '@tillcast/testkit';
import { expect } from 'vitest';
import { type ServiceProcess, startServiceProcess } from './service-process.ts';
import type { WatchedTill } from './truth-checker.ts';

export interface StagedTillOptions {
  readonly name: string;
  readonly licenseKey: string;
  readonly environment: Readonly<Record<string, string>>;
  readonly preload: readonly URL[];
}

/** A till in a process of its own, which keeps its folder from one start to the next. */
export class StagedTill implements WatchedTill {
  readonly name: string;
  readonly licenseKey: string;
  readonly dataDir: string;
  readonly #options: StagedTillOptions;
  #process: ServiceProcess | null = null;

  constructor(options: StagedTillOptions) {
    this.name = options.name;
    this.licenseKey = options.licenseKey;
    this.dataDir = options.environment['TILLCAST_DATA_DIR'] ?? '';
    this.#options = options;
  }

  async start(): Promise<void> {
    const { environment, preload } = this.#options;
    this.#process = await startServiceProcess({
      script: new URL('./till-program.ts', import.meta.url),
      // A new one at each start, since clients keep connections.
      environment: { ...environment, PORT: String(await freePort()) },
      preload,
    });
  }

  url(): string | null {
    return this.#process?.isRunning() === true ? this.#process.url : null;
  }

  get process(): ServiceProcess {
    if (this.#process === null) throw new Error(`${this.name} was never started.`);
    return this.#process;
  }

  state(): Promise<TerminalState> {
    return this.#get('/api/state');
  }

  async counts(): Promise<Readonly<Record<string, number>>> {
    return (await this.#get<{ counts: Record<string, number> }>('/api/health')).counts;
  }

  async activity(): Promise<readonly Activity[]> {
    return (await this.#get<{ activity: readonly Activity[] }>('/api/activity')).activity;
  }

  items(kind: string): Promise<ItemsAnswer> {
    return this.#get(`/api/items/${kind}`);
  }

  /** Fails where the till does not say that it is live at this place. */
  async isLiveAt(head: {
    readonly epoch: string;
    readonly version: number;
    readonly digest: string;
  }): Promise<void> {
    const { epoch, version, digest } = head;
    expect(await this.state(), this.name).toMatchObject({ status: 'live', epoch, version, digest });
  }

  async stop(): Promise<void> {
    await this.#process?.stop();
  }

  async #get<T>(path: string): Promise<T> {
    const answer = await fetch(this.process.url + path, { signal: AbortSignal.timeout(10_000) });
    if (!answer.ok) throw new Error(`${this.name}${path}: ${answer.status}`);
    return (await answer.json()) as T;
  }
}
