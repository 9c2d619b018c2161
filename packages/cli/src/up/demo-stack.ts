import { chmod, mkdir } from 'node:fs/promises';
import { join } from 'node:path';
import { TillcastError } from '@tillcast/protocol/errors';
import type { License } from '@tillcast/protocol/http/admin-api';
import { AdminClient } from '../api/admin-client.ts';
import { locateBackend } from '../api/locate.ts';
import type { CliContext } from '../context.ts';
import { counted } from '../output/figures.ts';
import { BROKER_VARIABLES, type DemoBroker, findBroker } from './broker.ts';
import { type ChildService, startChildService } from './child-service.ts';
import { ensureLicense, importDemoCatalog, isUntouched } from './demo-catalog.ts';
import type { DemoPlan, DemoTill } from './demo-plan.ts';
import { Steps } from './steps.ts';

/** A demo that runs. */
export interface RunningDemoStack {
  readonly broker: DemoBroker;
  readonly backendUrl: string;
  readonly tills: readonly { readonly till: DemoTill; readonly url: string; readonly license: License }[];
  /** Whether the catalogs were imported by this start. */
  readonly first: boolean;
}

/** Everything that was started, in the order of its start. */
export class DemoStack {
  readonly #plan: DemoPlan;
  readonly #context: CliContext;
  readonly #steps: Steps;
  readonly #services: { readonly service: ChildService; readonly rank: number }[] = [];
  readonly #broken = Promise.withResolvers<never>();
  #broker: DemoBroker | null = null;
  #stopping = false;

  constructor(plan: DemoPlan, context: CliContext) {
    this.#plan = plan;
    this.#context = context;
    this.#steps = new Steps(context);
    this.#broken.promise.catch(() => undefined);
  }

  /** Rejects when something that should run has ended by itself; says what, with the end of its log. */
  get broken(): Promise<never> {
    return this.#broken.promise;
  }

  /**
   * Starts broker, backend and tills, and imports the catalogs where this is their first start. What was
   * started when it rejects is for `stop` to stop.
   */
  async start(): Promise<RunningDemoStack> {
    const { dataDir, port, tills } = this.#plan;
    await mkdir(join(dataDir, 'logs'), { recursive: true });
    await chmod(dataDir, 0o700);
    const broker = await this.#steps.run(
      'Starting RabbitMQ',
      ({ name }) => name,
      () => this.#startBroker(),
    );
    const backend = await this.#steps.run(
      'Starting the backend',
      ({ url }) => `backend at ${url}`,
      () => this.#startBackend(broker, port),
    );
    using client = new AdminClient(
      await locateBackend({ ...this.#context, url: backend.url, env: this.#env() }),
    );
    const before = await Promise.all(tills.map((till) => ensureLicense(client, till)));
    const first = before.some(isUntouched);
    const [urls, licenses] = await Promise.all([
      this.#steps.run(
        'Starting the tills',
        () => 'tills',
        () => Promise.all(tills.map((till) => this.#startTill(till, broker, backend.url))),
      ),
      Promise.all(
        tills.map((till, index) => {
          const license = before[index];
          return license === undefined || isUntouched(license) ? this.#import(client, till) : license;
        }),
      ),
    ]);
    const running = tills.flatMap((till, index) => {
      const [url, license] = [urls[index], licenses[index]];
      return url === undefined || license === undefined ? [] : [{ till, url, license }];
    });
    return { broker, backendUrl: backend.url, tills: running, first };
  }

  /** Stops tills, backend and broker, in this order. What does not end in time is killed. */
  async stop(): Promise<void> {
    this.#stopping = true;
    await this.#steps.run(
      'Stopping',
      () => 'stopped everything',
      async () => {
        for (const rank of [TILL_RANK, BACKEND_RANK]) {
          const services = this.#services.filter((each) => each.rank === rank);
          await Promise.all(services.map(({ service }) => service.stop(GRACE_MS)));
        }
        await this.#broker?.stop();
      },
    );
  }

  async #startBroker(): Promise<DemoBroker> {
    const broker = await findBroker(this.#context.env, this.#plan.dataDir);
    this.#broker = broker;
    void broker.ended.then((how) =>
      this.#reportEnd(`RabbitMQ ended (${how}); its log is in ${this.#plan.dataDir}/rabbitmq/log.`),
    );
    return broker;
  }

  async #startBackend(broker: DemoBroker, port: number): Promise<{ readonly url: string }> {
    const service = await this.#launch(BACKEND_RANK, {
      name: 'the backend',
      args: ['server'],
      env: {
        ...broker.environment,
        PORT: String(port),
        HOST: '127.0.0.1',
        TILLCAST_DATA_DIR: this.#plan.dataDir,
      },
      logPath: join(this.#plan.dataDir, 'logs', 'server.log'),
    });
    return { url: localhost(await service.ready) };
  }

  async #startTill(till: DemoTill, broker: DemoBroker, backendUrl: string): Promise<string> {
    const service = await this.#launch(TILL_RANK, {
      name: `the till of ${till.merchant}`,
      args: ['terminal'],
      env: {
        ...broker.environment,
        PORT: String(till.port),
        HOST: '127.0.0.1',
        LICENSE_KEY: till.license,
        TERMINAL_NAME: till.terminalName,
        SYNC_API_URL: backendUrl,
        TILLCAST_DATA_DIR: join(this.#plan.dataDir, 'terminals', till.license),
      },
      logPath: join(this.#plan.dataDir, 'logs', `terminal-${till.license}.log`),
    });
    return localhost(await service.ready);
  }

  #import(client: AdminClient, till: DemoTill): Promise<License> {
    return this.#steps.run(
      `Importing the catalog of ${till.merchant}`,
      (license) => `${till.merchant}: ${counted(license.items, 'item')}`,
      () => importDemoCatalog(client, till),
    );
  }

  async #launch(
    rank: number,
    options: {
      readonly name: string;
      readonly args: readonly string[];
      readonly env: Readonly<Record<string, string>>;
      readonly logPath: string;
    },
  ): Promise<ChildService> {
    const env = { ...this.#env(), ...options.env };
    const service = await startChildService({ ...options, env, cwd: this.#context.cwd });
    this.#services.push({ service, rank });
    const { name, exited, ready, logTail } = service;
    void ready.then(
      async () => {
        const how = await exited;
        this.#reportEnd(
          `${name.charAt(0).toUpperCase()}${name.slice(1)} ended by itself (${how}). Its log, ${options.logPath}, ends with:\n${await logTail()}`,
        );
      },
      // Whoever started it tells that.
      () => undefined,
    );
    return service;
  }

  #reportEnd(message: string): void {
    if (!this.#stopping) this.#broken.reject(new TillcastError('internal', message));
  }

  /** Ours without what says where a broker is: one that we started goes before. */
  #env(): Readonly<Record<string, string | undefined>> {
    const env: Record<string, string | undefined> = {
      ...this.#context.env,
      TILLCAST_DATA_DIR: this.#plan.dataDir,
    };
    for (const name of [...BROKER_VARIABLES, 'TILLCAST_URL']) delete env[name];
    return env;
  }
}

const BACKEND_RANK = 1;
const TILL_RANK = 2;
const GRACE_MS = 3_000;

/** People read `localhost`; the services say which address they bound. */
function localhost(url: string): string {
  return url.replace('//127.0.0.1:', '//localhost:');
}
