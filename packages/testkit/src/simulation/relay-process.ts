import { type ChangeLog, Relay, type WaitingChange } from '@tillcast/backend/internals';
import { silentLogger } from '@tillcast/broker';
import { TillcastError } from '@tillcast/protocol/errors';
import type { SimulatedBroker } from './broker.ts';
import { memoryChangeLog } from './memory-change-log.ts';
import type { MemoryDatabase } from './memory-database.ts';
import { SimulatedProcess } from './process.ts';
import type { PublicationWatch } from './publication-watch.ts';
import { SimulatedPublisher } from './publisher.ts';
import type { Random } from './random.ts';
import type { Surroundings } from './surroundings.ts';

/** A backend's relay: the real one, over a database that is at times away and a broker that is at times too. */
export class SimulatedRelay {
  readonly name: string;
  readonly #surroundings: Surroundings;
  readonly #broker: SimulatedBroker;
  readonly #watch: PublicationWatch;
  readonly #coalesceBeyond: number;
  readonly #database: () => MemoryDatabase;
  #starts = 0;
  #process: SimulatedProcess | null = null;
  #publisher: SimulatedPublisher | null = null;
  #handOver: (database: MemoryDatabase, change: WaitingChange) => void = () => undefined;

  constructor(
    name: string,
    surroundings: Surroundings,
    world: {
      readonly broker: SimulatedBroker;
      readonly watch: PublicationWatch;
      readonly coalesceBeyond: number;
      /** The one that there is at the moment. */
      readonly database: () => MemoryDatabase;
    },
  ) {
    const { broker, watch, coalesceBeyond, database } = world;
    this.#database = database;
    this.name = name;
    this.#coalesceBeyond = coalesceBeyond;
    this.#surroundings = surroundings;
    this.#broker = broker;
    this.#watch = watch;
  }

  get isRunning(): boolean {
    return this.#process !== null;
  }

  get publisher(): SimulatedPublisher | null {
    return this.#publisher;
  }

  /** Starts with the database that there is now, and stays with it. */
  start(): void {
    if (this.#process !== null) return;
    const database = this.#database();
    this.#starts += 1;
    const process = new SimulatedProcess(this.name, this.#surroundings.scheduler);
    const life = `${this.name}, start ${this.#starts}`;
    this.#surroundings.trace.add('relay starts', () => life);
    const random = this.#surroundings.random.fork(`decisions of ${life}`);
    const publisher = new SimulatedPublisher(this.#surroundings, process, this.#broker, (message) =>
      this.#watch.confirmed(message),
    );
    const relay = new Relay({
      log: this.#remoteLog(database, process, this.#surroundings.random.fork(`database of ${life}`)),
      publisher,
      logger: silentLogger,
      relayId: life,
      clock: process.clock(),
      nowMs: this.#surroundings.wallMs,
      random: () => random.next(),
      coalesceBeyond: this.#coalesceBeyond,
    });
    this.#process = process;
    this.#publisher = publisher;
    const answers = this.#surroundings.random.fork(`commits of ${life}`);
    this.#handOver = (committedIn, change) => {
      // Its backend has heard of the commit when the database's answer is there.
      if (committedIn === database) process.after(answers.between(0, 6), () => relay.handOver(change));
    };
    publisher.line.start();
    // Where the database is away just then, the process ends and its supervisor starts another one.
    relay.start().catch(() => {
      if (this.#process !== process) return;
      this.kill();
      this.#surroundings.scheduler.after(1_000, () => this.start());
    });
  }

  /** A change was committed in this relay's process. */
  committed(database: MemoryDatabase, change: WaitingChange): void {
    this.#handOver(database, change);
  }

  /** As by SIGKILL. */
  kill(): void {
    if (this.#process === null) return;
    this.#surroundings.trace.add('relay dies', () => this.name);
    this.#process.kill();
    this.#publisher?.line.stop();
    this.#process = null;
    this.#publisher = null;
  }

  freeze(untilMs: number): void {
    this.#process?.freeze(untilMs);
  }

  thaw(): void {
    this.#process?.thaw();
  }

  /** The database's change log at the end of a line on which questions and answers take time and may be lost. */
  #remoteLog(database: MemoryDatabase, process: SimulatedProcess, random: Random): ChangeLog {
    const log = memoryChangeLog(database);
    const { scheduler, partitions, rates } = this.#surroundings;
    const ask = <T>(work: () => Promise<T>): Promise<T> =>
      new Promise((resolve, reject) => {
        const fate = random.next();
        const [there, back] = [random.between(0.1, 6), random.between(0.1, 6)];
        const { databaseError } = rates();
        const fail = (): void => process.run(() => reject(away()));
        if (partitions.isCut(this.name, 'database')) return void scheduler.after(there, fail);
        scheduler.after(there, () => {
          if (fate < databaseError / 2) return fail();
          const answer = work();
          if (fate < databaseError) return fail();
          scheduler.after(back, () => process.run(() => resolve(answer)));
          return undefined;
        });
        return undefined;
      });
    return {
      findBacklog: (shards) => ask(() => log.findBacklog(shards)),
      readWaiting: (sent, bounds, shards) =>
        ask(async () => {
          const changes = await log.readWaiting(sent, bounds, shards);
          this.#watch.read(database, changes);
          return changes;
        }),
      markPublished: (done) =>
        ask(() => {
          this.#watch.marking(database, done);
          return log.markPublished(done);
        }),
      readWaitingBroadcasts: () => ask(() => log.readWaitingBroadcasts()),
      markBroadcastsPublished: (ids) =>
        ask(() => {
          this.#watch.markingBroadcasts(ids);
          return log.markBroadcastsPublished(ids);
        }),
      renewLeases: (relayId, leaseMs, held) => ask(() => log.renewLeases(relayId, leaseMs, held)),
      claimShards: (relayId, leaseMs, wanted) => ask(() => log.claimShards(relayId, leaseMs, wanted)),
      releaseShards: (relayId, shards) => ask(() => log.releaseShards(relayId, shards)),
      deleteRelay: (relayId) => ask(() => log.deleteRelay(relayId)),
      listen: (listener) =>
        ask(() =>
          log.listen({
            onChange: (notice) => {
              if (partitions.isCut(this.name, 'database')) return;
              process.after(random.between(0.1, 4), () => listener.onChange(notice));
            },
            onAnything: () => {
              if (partitions.isCut(this.name, 'database')) return;
              process.after(random.between(0.1, 4), () => listener.onAnything());
            },
          }),
        ),
    };
  }
}

function away(): TillcastError {
  return new TillcastError('database_unavailable', 'The simulated database is away.');
}
