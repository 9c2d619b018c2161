import { BLOCK_LIMITS, hasLimits, type Logger, TERMINAL_LIMITS } from '@tillcast/broker';
import { appendAudit } from '../audit/append-audit.ts';
import type { Database } from '../database/database.ts';
import type { BrokerGate } from './broker-gate.ts';
import { type BrokerContents, type Holding, hoardsIn, type Leftover, leftoversIn } from './hoards.ts';
import { inParallel } from './in-parallel.ts';
import { findLicenseKey, listBoundTerminals, markLost, takeLook } from './look-statements.ts';
import { deleteDoneRevocations } from './revocation-statements.ts';

/** So long is out, too, who was cut off. */
const LOOK_EVERY_MS = 20_000;
/** How often a backend asks whether it is its turn. */
const ASK_EVERY_MS = 5_000;
/** In one look; the worst first, and the next look finds the rest. */
const MAX_CUT_OFF = 100;
const MAX_DELETED = 2_000;
const MAX_AT_ONCE = 8;
/** What was seen left over once is remembered up to here. */
const MAX_REMEMBERED = 10_000;

/** What the broker says of itself, and what is done to it. */
export interface WatchedBroker extends BrokerGate {
  /** Users and their limits. */
  listLimits(): Promise<
    readonly { readonly name: string; readonly limits: Readonly<Record<string, number>> }[]
  >;
  /** What there is in the virtual host. */
  contents(): Promise<BrokerContents>;
  /** Deletes a queue or an exchange. None is as good. */
  remove(leftover: Leftover): Promise<void>;
}

/** What a watch stands on. */
export interface BrokerWatchOptions {
  readonly database: Database;
  readonly broker: WatchedBroker;
  readonly logger: Logger;
  /** Told that a terminal was cut off since it had too much at the broker. */
  readonly onCutOff: () => void;
  readonly now: () => Date;
  /** A number in [0, 1). */
  readonly random?: () => number;
}

/**
 * Looks over the broker every 20 s, by one backend of several: whether it still holds each terminal's limits, which
 * are told again where it does not; and whether a terminal has more there than one that works ever has. That one is
 * blocked, its connections are closed, and what it left is deleted. The next look finds the block where limits
 * should be and has it let in again: it is out for 20 s each time, and its shop goes on by the sync API.
 */
export class BrokerWatch implements AsyncDisposable {
  readonly #options: BrokerWatchOptions;
  #seen: ReadonlySet<string> = new Set();
  #timer: NodeJS.Timeout | undefined;
  #turn: Promise<void> = Promise.resolve();
  #stopped = false;

  constructor(options: BrokerWatchOptions) {
    this.#options = options;
  }

  start(): void {
    const { random = Math.random } = this.#options;
    this.#timer = setTimeout(
      () => {
        this.#turn = this.#lookInTurn().then(() => {
          if (!this.#stopped) this.start();
        });
      },
      ASK_EVERY_MS * (0.75 + random() / 2),
    );
  }

  /** Waits for the look that is under way. Safe to call more than once. */
  async stop(): Promise<void> {
    this.#stopped = true;
    clearTimeout(this.#timer);
    await this.#turn;
  }

  [Symbol.asyncDispose](): Promise<void> {
    return this.stop();
  }

  async #lookInTurn(): Promise<void> {
    const { database, now } = this.#options;
    try {
      if (!(await takeLook(database, LOOK_EVERY_MS))) return;
      await deleteDoneRevocations(database, now());
      await this.look();
    } catch (error) {
      this.#options.logger.warn({ err: error }, 'could not look over the broker');
    }
  }

  /** Looks once. @throws TillcastError `broker_unavailable`, `database_unavailable` */
  async look(): Promise<void> {
    await this.#tellWhatWasLost();
    const contents = await this.#options.broker.contents();
    const hoards = hoardsIn(contents).slice(0, MAX_CUT_OFF);
    await inParallel(hoards, MAX_AT_ONCE, (hoard) => this.#cutOff(hoard));
    await this.#removeLeftovers(contents, new Set(hoards.map(({ terminalId }) => terminalId)));
  }

  /** Not told here: who has the license's claim does that, by what the license is then. */
  async #tellWhatWasLost(): Promise<void> {
    const { database, broker, logger } = this.#options;
    const bound = await listBoundTerminals(database);
    const limits = new Map((await broker.listLimits()).map((user) => [user.name, user.limits]));
    const lost = bound.filter(({ terminalId, isBlocked }) => {
      const found = limits.get(terminalId);
      return found === undefined || !hasLimits(found, isBlocked ? BLOCK_LIMITS : TERMINAL_LIMITS);
    });
    for (const [licenseId, terminals] of Map.groupBy(lost, (terminal) => terminal.licenseId)) {
      for (const what of ['limits', 'blocks'] as const) {
        const ids = terminals
          .filter(({ isBlocked }) => isBlocked === (what === 'blocks'))
          .map(({ terminalId }) => terminalId);
        if (ids.length > 0) await markLost(database, licenseId, ids, what);
      }
    }
    if (lost.length > 0) logger.info({ terminals: lost.length }, 'The broker is told limits again');
  }

  async #cutOff(hoard: Holding): Promise<void> {
    const { database, broker, logger, onCutOff, now } = this.#options;
    const { terminalId, ...holding } = hoard;
    await broker.block([terminalId]);
    await broker.close(terminalId, 'It had more connections, queues or exchanges than a terminal has');
    onCutOff();
    const license = await findLicenseKey(database, terminalId);
    logger.warn(
      { terminal: terminalId, license, ...holding },
      'A terminal had more at the broker than a terminal has, and was cut off',
    );
    const detail = { license_key: license, ...holding };
    await database.transaction((session) =>
      appendAudit(session, { actor: 'system', act: 'terminal.cut_off', subject: terminalId, detail }, now()),
    );
  }

  /** Of who was cut off at once; else what the look before saw too: it may have just been made and be about to go. */
  async #removeLeftovers(contents: BrokerContents, cutOff: ReadonlySet<string>): Promise<void> {
    const { broker, logger } = this.#options;
    const leftovers = leftoversIn(contents);
    const due = leftovers.filter(({ name, terminalId }) => cutOff.has(terminalId) || this.#seen.has(name));
    this.#seen = new Set(leftovers.slice(0, MAX_REMEMBERED).map(({ name }) => name));
    const failures: unknown[] = [];
    await inParallel(due.slice(0, MAX_DELETED), MAX_AT_ONCE, async (leftover) => {
      if (failures.length >= MAX_AT_ONCE) return;
      try {
        await broker.remove(leftover);
      } catch (error) {
        failures.push(error);
      }
    });
    if (failures.length > 0) {
      const line = { err: failures[0], left: due.length };
      logger.warn(
        line,
        'could not delete what terminals left at the broker; provision it (tillcast broker provision)',
      );
    }
  }
}
