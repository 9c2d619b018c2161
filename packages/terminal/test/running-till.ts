import { BrokerConnection, type OutgoingMessage, Publisher, silentLogger } from '@tillcast/broker';
import type { Activity, SyncNowAnswer, TerminalState } from '@tillcast/protocol/http/terminal-api';
import type { Row } from '@tillcast/protocol/items/item';
import { ITEM_KINDS } from '@tillcast/protocol/items/kind';
import { type LicenseKey, parseLicenseKey } from '@tillcast/protocol/license-key';
import { type FreshVirtualHost, freePort, freshVirtualHost } from '@tillcast/testkit';
import { expect, vi } from 'vitest';
import { parseTerminalConfig, type RunningTerminal, startTerminal } from '../src/index.ts';
import { Page } from './counter/page.ts';
import { ModelCatalog, product } from './model-catalog.ts';
import { ScriptedBackend } from './scripted-backend.ts';
import { tempFolder } from './temp-folder.ts';

export const LICENSE: LicenseKey = parseLicenseKey('EXTRO-LIFE-ABC123');
export const OTHER_LICENSE: LicenseKey = parseLicenseKey('EXTRO-LIFE-XYZ789');

/** Tries until it does not throw; the bound says that something hangs, not that it is slow. */
async function waitFor(attempt: () => Promise<void>): Promise<void> {
  await vi.waitFor(attempt, { timeout: 40_000, interval: 50 });
}

/** A terminal, as its page and its operator see it. */
export class Till implements AsyncDisposable {
  readonly #running: RunningTerminal;

  constructor(running: RunningTerminal) {
    this.#running = running;
  }

  get url(): string {
    return this.#running.url;
  }

  get terminalId(): string {
    return this.#running.terminalId;
  }

  state(): Promise<TerminalState> {
    return this.#get('/api/state');
  }

  async counts(): Promise<Record<string, number>> {
    const { counts } = await this.#get<{ counts: Record<string, number> }>('/api/health');
    return counts;
  }

  async activity(): Promise<readonly Activity[]> {
    return (await this.#get<{ activity: Activity[] }>('/api/activity')).activity;
  }

  /** Everything it holds, as rows sorted like the model's. */
  async rows(): Promise<readonly Row[]> {
    const rows: Row[] = [];
    for (const kind of ITEM_KINDS) {
      const { items } = await this.#get<{ items: { id: string }[] }>(`/api/items/${kind}`);
      rows.push(...items.map((item) => ({ kind, id: item.id, body: JSON.stringify(item) })));
    }
    return rows.toSorted((a, b) => `${a.kind} ${a.id}`.localeCompare(`${b.kind} ${b.id}`));
  }

  async syncNow(): Promise<SyncNowAnswer> {
    const page = await Page.open(this.url);
    const { body } = await page.ask('POST', 'sync');
    return body as unknown as SyncNowAnswer;
  }

  /** Waits until the state has all this. */
  async reaches(expected: Partial<TerminalState>): Promise<void> {
    await waitFor(async () => expect(await this.state()).toMatchObject(expected));
  }

  /** Waits until something was counted at least so often. */
  async counted(name: string, times = 1): Promise<void> {
    await waitFor(async () => expect((await this.counts())[name] ?? 0).toBeGreaterThanOrEqual(times));
  }

  /** Waits until it holds what the model holds, says so, and checks that it is so, row by row. */
  async holds(catalog: ModelCatalog): Promise<void> {
    await this.reaches({ ...catalog.cursor });
    expect(await this.rows()).toEqual(catalog.rows);
  }

  stop(): Promise<void> {
    return this.#running.stop();
  }

  async [Symbol.asyncDispose](): Promise<void> {
    await this.stop();
  }

  async #get<T>(path: string): Promise<T> {
    return (await (await fetch(this.url + path)).json()) as T;
  }
}

/** A virtual host of its own with the exchange and a publisher, a scripted backend, and tills between them. */
export class Stage implements AsyncDisposable {
  readonly vhost: FreshVirtualHost;
  readonly backend: ScriptedBackend;
  readonly catalog: ModelCatalog;
  readonly #publisher: Publisher;
  readonly #things: AsyncDisposableStack;
  readonly dataDir: string;

  private constructor(
    vhost: FreshVirtualHost,
    backend: ScriptedBackend,
    publisher: Publisher,
    things: AsyncDisposableStack,
    dataDir: string,
  ) {
    this.vhost = vhost;
    this.backend = backend;
    this.catalog = backend.catalog;
    this.#publisher = publisher;
    this.#things = things;
    this.dataDir = dataDir;
  }

  /** With three products in the catalog, at version 1. */
  static async set(): Promise<Stage> {
    const things = new AsyncDisposableStack();
    const vhost = things.use(await freshVirtualHost());
    const folder = things.use(tempFolder());
    const catalog = new ModelCatalog(LICENSE);
    catalog.commit([product('A', 1), product('B', 2), product('C', 3)]);
    const backend = things.use(await ScriptedBackend.start(catalog, await freePort()));
    const connection = things.use(
      new BrokerConnection({ urls: [vhost.amqpUrl], connectionName: 'stage', logger: silentLogger }),
    );
    connection.start();
    const publisher = things.use(new Publisher({ connection }));
    publisher.start();
    await publisher.whenReady(30_000);
    return new Stage(vhost, backend, publisher, things, folder.path);
  }

  /** Opens the till, always the same one with the same data. Its port is new, since clients keep connections. */
  async openTill(environment: Readonly<Record<string, string>> = {}): Promise<Till> {
    const config = parseTerminalConfig({
      LICENSE_KEY: LICENSE,
      SYNC_API_URL: this.backend.url,
      AMQP_URL: this.vhost.amqpUrl,
      PORT: String(await freePort()),
      TILLCAST_DATA_DIR: this.dataDir,
      ...environment,
    });
    return new Till(await startTerminal(config, { logger: silentLogger }));
  }

  /** Opens the till and waits until it is live with all there is. */
  async openLiveTill(): Promise<Till> {
    const till = await this.openTill();
    await till.reaches({ status: 'live', ...this.catalog.cursor });
    return till;
  }

  publish(message: OutgoingMessage): Promise<void> {
    return this.#publisher.publish(message);
  }

  /** Has the broker close the till's connection. */
  async cutOff(till: Till): Promise<void> {
    const { management, name } = this.vhost;
    // The management API learns of connections by and by.
    await waitFor(async () => {
      const connections = await management.listConnections(name);
      const found = connections.find(({ clientName }) => clientName?.includes(till.terminalId) === true);
      if (found === undefined) throw new Error('The connection is not listed yet.');
      await management.closeConnection(found.name, 'for a test');
    });
  }

  async [Symbol.asyncDispose](): Promise<void> {
    await this.#things.disposeAsync();
  }
}
