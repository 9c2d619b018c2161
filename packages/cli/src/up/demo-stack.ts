import { mkdir } from 'node:fs/promises';
import { join } from 'node:path';
import { TillcastError } from '@tillcast/protocol/errors';
import type { License } from '@tillcast/protocol/http/admin-api';
import { IDENTITY_PATHS } from '@tillcast/protocol/http/identity-api';
import { AdminClient } from '../api/admin-client.ts';
import { locateBackend } from '../api/locate.ts';
import type { CliContext } from '../context.ts';
import { counted } from '../output/figures.ts';
import { BROKER_VARIABLES, type DemoBroker, type ReadyBroker, startBroker } from './broker.ts';
import { type ChildService, startChildService } from './child-service.ts';
import { ensureLicense, importDemoCatalog, isUntouched } from './demo-catalog.ts';
import type { DemoPlan, DemoTill } from './demo-plan.ts';
import { removeDemoData } from './fresh.ts';
import { Steps } from './steps.ts';
import { ensureActivated } from './till-activation.ts';

type Environment = Readonly<Record<string, string>>;

/** A demo that runs. */
export interface RunningDemo {
  readonly broker: ReadyBroker;
  readonly backendUrl: string;
  readonly tills: readonly RunningTill[];
}

export interface RunningTill {
  readonly till: DemoTill;
  readonly url: string;
  readonly license: License;
}

/** How long a service may take to stop before it is killed. */
const GRACE_MS = 3_000;

/** The demo's processes: started side by side as far as they can be, stopped in the reverse order. */
export class DemoStack {
  readonly #plan: DemoPlan;
  readonly #context: CliContext;
  readonly #steps: Steps;
  readonly #broken = Promise.withResolvers<never>();
  readonly #tills: ChildService[] = [];
  #backend: ChildService | null = null;
  #broker: DemoBroker | null = null;
  #stopping = false;

  constructor(plan: DemoPlan, context: CliContext) {
    this.#plan = plan;
    this.#context = context;
    this.#steps = new Steps(context);
    // Heard by whoever races it; that nobody does is no failure of its own.
    this.#broken.promise.catch(() => undefined);
  }

  /** Rejects when something that should run has ended by itself; says what, with the end of its log. */
  get broken(): Promise<never> {
    return this.#broken.promise;
  }

  /**
   * Starts broker, backend and tills, and imports the catalogs where nothing was ever written to them. What
   * was started when it rejects is for `stop` to stop.
   */
  async start(): Promise<RunningDemo> {
    const { dataDir, port } = this.#plan;
    if (this.#plan.fresh) {
      const removed = (): string => `removed what earlier demos left in ${dataDir}`;
      await this.#steps.run('Removing what earlier demos left', removed, () => removeDemoData(dataDir));
    }
    await mkdir(join(dataDir, 'logs'), { recursive: true });
    this.#refuseWhenStopping();
    const broker = startBroker(this.#context.env, dataDir, `http://127.0.0.1:${port}${IDENTITY_PATHS.jwks}`);
    this.#broker = broker;
    void broker.ended.then((how) =>
      this.#reportEnd(
        `RabbitMQ ended by itself (${how}); its log is in ${join(dataDir, 'rabbitmq', 'log')}.`,
      ),
    );
    const ready = await this.#steps.run(
      'Starting RabbitMQ',
      ({ name }) => name,
      () => broker.ready,
    );
    return { broker: ready, ...(await this.#startServices(ready)) };
  }

  /** Stops tills, backend and broker, in this order. What does not end in time is killed. */
  async stop(): Promise<void> {
    this.#stopping = true;
    if (this.#broker === null) return;
    await this.#steps.run(
      'Stopping',
      () => 'stopped',
      async () => {
        await Promise.all(this.#tills.map((till) => till.stop(GRACE_MS)));
        await this.#backend?.stop(GRACE_MS);
        await this.#broker?.stop();
      },
    );
  }

  async #startServices(broker: ReadyBroker): Promise<Omit<RunningDemo, 'broker'>> {
    const { tills } = this.#plan;
    const backendUrl = await this.#steps.run(
      'Starting the backend',
      (url) => `backend at ${url}`,
      () => this.#startBackend(broker.backend),
    );
    using client = new AdminClient(
      await locateBackend({ ...this.#context, url: backendUrl, env: this.#environment() }),
    );
    const licenses = await Promise.all(tills.map((till) => ensureLicense(client, till, this.#plan.dataDir)));
    if (broker.terminal === null) {
      await this.#steps.run(
        'Activating the tills',
        () => 'tills activated, each with a key of its own',
        () => Promise.all(tills.map((till) => this.#ensureActivated(client, till, backendUrl))),
      );
    }
    const [urls, filled] = await Promise.all([
      this.#steps.run(
        'Starting the tills',
        (started) => `tills at ${started.join(' and ')}`,
        () => Promise.all(tills.map((till) => this.#startTill(till, broker.terminal ?? {}, backendUrl))),
      ),
      Promise.all(licenses.map((license) => this.#ensureCatalog(client, license))),
    ]);
    const running = tills.flatMap((till, index) => {
      const [url, license] = [urls[index], filled[index]];
      return url === undefined || license === undefined ? [] : [{ till, url, license }];
    });
    return { backendUrl, tills: running };
  }

  async #startBackend(broker: Environment): Promise<string> {
    const { dataDir, port } = this.#plan;
    const own = {
      PORT: String(port),
      HOST: '127.0.0.1',
      TILLCAST_DATA_DIR: dataDir,
      // For the sync API a license key is enough here, so that one can try it by hand. The tills have tokens.
      TILLCAST_AUTH: this.#context.env['TILLCAST_AUTH'] || 'license-key',
    };
    this.#backend = await this.#launch('the backend', 'server', { ...broker, ...own });
    return localhost(await this.#backend.ready);
  }

  #ensureActivated(client: AdminClient, till: DemoTill, backendUrl: string): Promise<void> {
    const { dataDir } = this.#plan;
    const environment = { ...this.#environment(), ...this.#tillEnvironment(till, backendUrl) };
    const { license, terminalName } = till;
    return ensureActivated(client, { license, name: terminalName, environment, backendUrl, dataDir });
  }

  async #startTill(till: DemoTill, broker: Environment, backendUrl: string): Promise<string> {
    const own = this.#tillEnvironment(till, backendUrl);
    const service = await this.#launch(`the till of ${till.merchant}`, 'terminal', { ...broker, ...own });
    this.#tills.push(service);
    return localhost(await service.ready);
  }

  #tillEnvironment(till: DemoTill, backendUrl: string): Environment {
    return {
      PORT: String(till.port),
      HOST: '127.0.0.1',
      LICENSE_KEY: till.license,
      TERMINAL_NAME: till.terminalName,
      SYNC_API_URL: backendUrl,
      TILLCAST_DATA_DIR: join(this.#plan.dataDir, 'terminals', till.license),
    };
  }

  async #ensureCatalog(client: AdminClient, license: License): Promise<License> {
    const till = this.#plan.tills.find((each) => each.license === license.key);
    if (till === undefined || !isUntouched(license)) return license;
    return this.#steps.run(
      `Importing the catalog of ${till.merchant}`,
      ({ items }) => `${till.merchant}: ${counted(items, 'item')}`,
      () => importDemoCatalog(client, till),
    );
  }

  async #launch(name: string, command: 'server' | 'terminal', own: Environment): Promise<ChildService> {
    const label = own['LICENSE_KEY'] === undefined ? command : `${command}-${own['LICENSE_KEY']}`;
    const logPath = join(this.#plan.dataDir, 'logs', `${label}.log`);
    const env = { ...this.#environment(), ...own };
    this.#refuseWhenStopping();
    const service = await startChildService({ name, args: [command], env, cwd: this.#context.cwd, logPath });
    if (this.#stopping) await service.stop(GRACE_MS);
    const watch = async (): Promise<void> => {
      const how = await service.exited;
      const tail = await service.logTail();
      this.#reportEnd(
        `The demo is over: ${name} ended by itself (${how}). Its log, ${logPath}, ends with:\n${tail}`,
      );
    };
    // A start that fails is told by whoever waits for it.
    void service.ready.then(watch, () => undefined);
    return service;
  }

  /** Nothing may be started that `stop` would no longer see. */
  #refuseWhenStopping(): void {
    if (this.#stopping) throw new TillcastError('internal', 'The demo was stopped while it started.');
  }

  #reportEnd(message: string): void {
    if (!this.#stopping) this.#broken.reject(new TillcastError('internal', message));
  }

  /** Ours, without what says where broker and backend are: the demo's own go before. */
  #environment(): Readonly<Record<string, string | undefined>> {
    const env: Record<string, string | undefined> = {
      ...this.#context.env,
      TILLCAST_DATA_DIR: this.#plan.dataDir,
    };
    for (const name of [...BROKER_VARIABLES, 'TILLCAST_URL']) delete env[name];
    return env;
  }
}

/** People read `localhost`; the services say which address they bound. */
function localhost(url: string): string {
  return url.replace('//127.0.0.1:', '//localhost:');
}
