import { setTimeout as sleep } from 'node:timers/promises';
import { silentLogger } from '@tillcast/broker';
import { TillcastError } from '@tillcast/protocol/errors';
import type { LicenseKey } from '@tillcast/protocol/license-key';
import {
  type ActivateTillOptions,
  activateThisTill,
  parseTerminalConfig,
  type RunningTerminal,
  startTerminal,
  type TerminalConfig,
} from '@tillcast/terminal';
import { z } from 'zod';
import { freePort } from '../up/free-port.ts';
import type { Administrator } from './stage.ts';

const SOON_MS = 20_000;
/** Attacks at activation may have used up its limits, which give one more in some seconds. */
const ACTIVATION = { tries: 10, pauseMs: 10_000 };

/** What is looked at of the till's state. */
interface ShownState {
  readonly status: string;
  readonly reason: string;
  readonly version: number | null;
  readonly broker_attached: boolean;
}

const stateSchema: z.ZodType<ShownState> = z.object({
  status: z.string(),
  reason: z.string(),
  version: z.number().nullable(),
  broker_attached: z.boolean(),
});

const activitySchema = z.object({ activity: z.array(z.object({ type: z.string(), summary: z.string() })) });

/** A till as it is sold, of the attacker’s license, that runs beside the attacks. */
export class AttackedTill implements AsyncDisposable {
  readonly #running: RunningTerminal;
  readonly #administrator: Administrator;

  private constructor(running: RunningTerminal, administrator: Administrator) {
    this.#running = running;
    this.#administrator = administrator;
  }

  /** @param environment where it keeps what is its own, and whom it trusts */
  static async start(
    environment: Readonly<Record<string, string>>,
    of: { readonly licenseKey: LicenseKey; readonly activationCode: string; readonly backendUrl: string },
    administrator: Administrator,
  ): Promise<AttackedTill> {
    const config = parseTerminalConfig({ ...environment, PORT: String(await freePort()) });
    await activateInTurn(config, { ...of, name: 'Attacked' });
    const till = new AttackedTill(await startTerminal(config, { logger: silentLogger }), administrator);
    await till.becomes((state) => state.status === 'live' && state.broker_attached);
    return till;
  }

  async state(): Promise<ShownState> {
    return stateSchema.parse(await this.#read('/api/state'));
  }

  /** Its activity log, newest first. */
  async activity(): Promise<readonly { readonly type: string; readonly summary: string }[]> {
    return activitySchema.parse(await this.#read('/api/activity')).activity;
  }

  /** Everything that it shows or has shown, as one text. */
  async shown(): Promise<string> {
    const kinds = ['product', 'category', 'modifier', 'table', 'user'];
    const paths = ['/api/state', '/api/activity', ...kinds.map((kind) => `/api/items/${kind}`)];
    return JSON.stringify(await Promise.all(paths.map((path) => this.#read(path))));
  }

  /** Its queue at the broker. */
  async queue(): Promise<string> {
    const prefix = `terminal.${this.#running.terminalId}.`;
    const { management, vhost } = this.#administrator;
    // Kept alive too long, a connection may be closed by the broker just as it is used again.
    const queues = await management.listQueues(vhost).catch(() => management.listQueues(vhost));
    const own = queues.find(({ name }) => name.startsWith(prefix));
    if (own === undefined) throw new Error('The till that runs beside the attacks has no queue.');
    return own.name;
  }

  /** Waits until its state is so; rejects where it does not become so. */
  async becomes(fits: (state: ShownState) => boolean): Promise<ShownState> {
    const until = performance.now() + SOON_MS;
    for (;;) {
      const state = await this.state();
      if (fits(state)) return state;
      if (performance.now() > until) {
        throw new Error(
          `The till that runs beside the attacks is ${state.status} at v${state.version}: ${state.reason}`,
        );
      }
      await sleep(20);
    }
  }

  async [Symbol.asyncDispose](): Promise<void> {
    await this.#running.stop();
  }

  async #read(path: string): Promise<unknown> {
    const answer = await fetch(this.#running.url + path);
    if (!answer.ok) throw new Error(`The till that runs beside the attacks answered ${answer.status}.`);
    return answer.json();
  }
}

async function activateInTurn(config: TerminalConfig, options: ActivateTillOptions): Promise<void> {
  for (let tries = 1; ; tries += 1) {
    try {
      await activateThisTill(config, options);
      return;
    } catch (error) {
      const isLimited = error instanceof TillcastError && error.code === 'rate_limited';
      if (!isLimited || tries === ACTIVATION.tries) throw error;
      await sleep(ACTIVATION.pauseMs);
    }
  }
}
