import { readFile } from 'node:fs/promises';
import { setTimeout as pause } from 'node:timers/promises';
import { fileURLToPath } from 'node:url';
import { type Fetch } from '@tillcast/broker';
import { type NodeProcess, startProcess } from '../../../packages/broker/src/private-node/node-process.ts';
import { isAnswered } from './is-answered.ts';

const COMMAND = fileURLToPath(new URL('../../../packages/cli/bin/tillcast.mjs', import.meta.url));
/** As long as a container is given. */
const DRAIN_MS = 10_000;

export interface BackendServiceOptions {
  /** `https://127.20.0.21:8080` */
  readonly url: string;
  readonly environment: Readonly<Record<string, string>>;
  readonly folder: string;
  /** The file its output is appended to. */
  readonly output: string;
  readonly fetch: Fetch;
}

/** A backend as the image starts it, and what can happen to it. */
export class BackendService implements AsyncDisposable {
  readonly #options: BackendServiceOptions;
  #process: NodeProcess | null = null;

  constructor(options: BackendServiceOptions) {
    this.#options = options;
  }

  get url(): string {
    return this.#options.url;
  }

  get pid(): number {
    if (this.#process === null) throw new Error('The backend was never started.');
    return this.#process.pid;
  }

  /** Starts it; resolves when it answers. */
  async start(): Promise<void> {
    const { environment, folder, output, fetch, url } = this.#options;
    this.#process = await startProcess({
      command: process.execPath,
      args: [COMMAND, 'server'],
      env: {
        PATH: process.env['PATH'] ?? '',
        TILLCAST_TEST_RUN: process.env['TILLCAST_TEST_RUN'] ?? '',
        ...environment,
      },
      cwd: folder,
      output,
    });
    while (!(await isAnswered(fetch, `${url}/health`))) {
      if (this.#process.hasExited()) throw new Error(`A backend ended:\n${await readFile(output, 'utf8')}`);
      await pause(50);
    }
  }

  /** Kills it (-9); resolves when it is gone. */
  async kill(): Promise<void> {
    process.kill(this.pid, 'SIGKILL');
    await this.#process?.exited;
  }

  freeze(): void {
    process.kill(this.pid, 'SIGSTOP');
  }

  thaw(): void {
    process.kill(this.pid, 'SIGCONT');
  }

  /** Stops it by SIGTERM. @throws Error where it does not end in order within 10 s */
  async stop(): Promise<void> {
    const { killed } = (await this.#process?.end(DRAIN_MS)) ?? { killed: false };
    const code = (await this.#process?.exited)?.code;
    if (killed || code !== 0) throw new Error(`A backend did not end in order within 10 s (code ${code}).`);
  }

  async [Symbol.asyncDispose](): Promise<void> {
    await this.#process?.end(DRAIN_MS);
  }
}
