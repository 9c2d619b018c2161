import { randomUUID } from 'node:crypto';
import { backoffDelayMs, type Clock, type Logger, systemClock } from '@tillcast/broker';
import { asTillcastError, type ErrorCode } from '@tillcast/protocol/errors';
import type { Database } from '../database/database.ts';
import { Signal } from '../relay/signal.ts';
import type { BrokerGate } from './broker-gate.ts';
import { claimLicenses, extendClaim, releaseClaim } from './claim-statements.ts';
import { closeEach } from './close-each.ts';
import { LicenseRetries } from './license-retries.ts';
import { REVOCATIONS_CHANNEL } from './request-revocation.ts';
import {
  findOpenRevocations,
  findTerminalsToClose,
  findTerminalsToForget,
  findTerminalsToLimit,
  finishRevocations,
  markBlocking,
  markClosed,
  markForgotten,
  markLimited,
  type TerminalToClose,
} from './revocation-statements.ts';

/** Licenses begun at once: a large one does not keep a small one waiting. */
const MAX_LICENSES = 4;
/** Then a license that is not done makes room for the next and goes on: the broker may never answer for it. */
const SLOT_MS = 1_000;
/** Licenses worked on in all, with those that went on. */
const MAX_UNDER_WAY = 64;
/** Terminals blocked by one request, while those before them are being closed. */
const CHUNK_TERMINALS = 100;
/** Connections closed at once for one license; beyond it the broker is no faster. */
const MAX_CLOSING = 16;
/** Of a license that failed before: what hangs for it again hangs in few requests. */
const MAX_CLOSING_AGAIN = 4;
/** How long a license is ours without a sign of life. */
const CLAIM_MS = 30_000;
/** In case a notification was lost. */
const SWEEP_EVERY_MS = 5_000;
const RETRY = { initialMs: 250, maxMs: 5_000 };

/** Told what a revoker does, for metrics. */
export interface RevocationObserver {
  /** The broker was brought into line with an act, so long after its commit by this machine's clock. */
  revoked(waitedMs: number): void;
  /** It could not be; it is tried again. */
  revocationFailed(code: ErrorCode): void;
}

/** What a revoker stands on. */
export interface RevokerOptions {
  readonly database: Database;
  readonly gate: BrokerGate;
  readonly logger: Logger;
  readonly observer: RevocationObserver;
  readonly now: () => Date;
  readonly clock?: Clock;
  /** A number in [0, 1). */
  readonly random?: () => number;
}

/**
 * Brings the broker into line with what licenses and terminals are: blocks the tokens of those that have
 * ended, then closes their connections; lets those in that have not, each within its limits. It goes by what the database says
 * at that moment, not by what was asked: an act that was overtaken by the next one does nothing.
 *
 * Any number of revokers may run; of each license one takes care at a time. What fails stays asked for and is
 * tried again after a while; other licenses do not wait for it.
 */
export class Revoker implements AsyncDisposable {
  readonly #options: RevokerOptions;
  readonly #owner: string = randomUUID();
  readonly #signal = new Signal();
  readonly #stopping = new AbortController();
  readonly #underWay = new Set<Promise<void>>();
  #slotsTaken = 0;
  readonly #retries = new LicenseRetries();
  #failedClaims = 0;
  #timer: NodeJS.Timeout | undefined;
  #leaveOff: (() => Promise<void>) | undefined;
  #running: Promise<void> = Promise.resolve();
  #stopped: Promise<void> | undefined;

  constructor(options: RevokerOptions) {
    this.#options = options;
  }

  /** Resolves when it listens. @throws TillcastError `database_unavailable` */
  async start(): Promise<void> {
    const wake = (): void => this.#signal.raise();
    this.#leaveOff = await this.#options.database.listen(REVOCATIONS_CHANNEL, {
      onNotification: wake,
      onMissed: wake,
    });
    this.#running = this.#run();
    this.#scheduleSweep();
    this.wake();
  }

  /** Looks for what is to be done, at once: an act was committed here, and its notification may be late or lost. */
  wake(): void {
    this.#signal.raise();
  }

  /** As {@link wake}, and tries again what failed before: it may be possible now. */
  retry(): void {
    const { clock = systemClock } = this.#options;
    this.#retries.allowAll(clock.now());
    this.#signal.raise();
  }

  /** Waits for what is under way. Safe to call more than once. */
  stop(): Promise<void> {
    this.#stopped ??= this.#stop();
    return this.#stopped;
  }

  [Symbol.asyncDispose](): Promise<void> {
    return this.stop();
  }

  async #stop(): Promise<void> {
    this.#stopping.abort();
    clearTimeout(this.#timer);
    this.#signal.raise();
    await this.#running;
    await this.#leaveOff?.();
  }

  #scheduleSweep(): void {
    const { random = Math.random } = this.#options;
    this.#timer = setTimeout(
      () => {
        this.#signal.raise();
        this.#scheduleSweep();
      },
      SWEEP_EVERY_MS * (0.75 + random() / 2),
    );
  }

  async #run(): Promise<void> {
    while (!this.#stopping.signal.aborted) {
      try {
        await this.#beginWhatIsOpen();
        this.#failedClaims = 0;
        await this.#signal.wait();
      } catch (error) {
        this.#failedClaims += 1;
        this.#failed(error, 'could not look for revocations');
        await this.#sleep(this.#delayMs(this.#failedClaims));
      }
    }
    await Promise.all(this.#underWay);
  }

  /** Begins as many licenses as there is room for; who makes room looks again. */
  async #beginWhatIsOpen(): Promise<void> {
    const room = Math.min(MAX_LICENSES - this.#slotsTaken, MAX_UNDER_WAY - this.#underWay.size);
    if (room <= 0) return;
    const { database, clock = systemClock } = this.#options;
    const waiting = this.#retries.waiting(clock.now());
    const licenses = await claimLicenses(database, this.#owner, CLAIM_MS, room, waiting);
    for (const licenseId of licenses) {
      const leave = this.#takeSlot();
      const work = this.#settle(licenseId).finally(() => {
        this.#underWay.delete(work);
        leave();
        this.#signal.raise();
      });
      this.#underWay.add(work);
    }
  }

  /** Takes a slot for a while at most. @returns what leaves it before that */
  #takeSlot(): () => void {
    this.#slotsTaken += 1;
    let isTaken = true;
    const leave = (): void => {
      if (isTaken) this.#slotsTaken -= 1;
      isTaken = false;
    };
    void this.#sleep(SLOT_MS).then(() => {
      if (!isTaken) return;
      leave();
      this.#signal.raise();
    });
    return leave;
  }

  async #settle(licenseId: number): Promise<void> {
    const { database } = this.#options;
    try {
      await this.#align(licenseId);
      await releaseClaim(database, this.#owner, licenseId);
      this.#retries.succeeded(licenseId);
    } catch (error) {
      this.#failed(error, 'a revocation did not reach the broker yet', licenseId);
      this.#tryLater(licenseId);
      await this.#giveBack(licenseId);
    }
  }

  #tryLater(licenseId: number): void {
    const { clock = systemClock } = this.#options;
    const delayMs = this.#delayMs(this.#retries.failuresOf(licenseId) + 1);
    this.#retries.failed(licenseId, clock.now() + delayMs);
    void this.#sleep(delayMs).then(() => this.#signal.raise());
  }

  /** A claim that cannot be given back lapses by itself. */
  async #giveBack(licenseId: number): Promise<void> {
    try {
      await releaseClaim(this.#options.database, this.#owner, licenseId);
    } catch (error) {
      this.#options.logger.debug({ err: error, license_id: licenseId }, 'could not give a claim back');
    }
  }

  async #align(licenseId: number): Promise<void> {
    const { database, now, observer } = this.#options;
    // Read before the standing: an act that is committed later is found open again.
    const open = await findOpenRevocations(database, licenseId);
    const at = now();
    const ended = await findTerminalsToClose(database, licenseId, at);
    const failures = await this.#shutOut(licenseId, ended, at);
    await this.#letIn(licenseId, await findTerminalsToLimit(database, licenseId, at));
    await this.#forget(licenseId, await findTerminalsToForget(database, licenseId, at));
    // All that could be done is done; the rest is tried again.
    if (failures.length > 0) throw failures[0];
    const doneAt = now();
    const ids = open.map(({ id }) => id);
    await finishRevocations(database, licenseId, ids, doneAt);
    const acts = open.filter(({ isAct }) => isAct);
    for (const { createdAt } of acts) observer.revoked(doneAt.getTime() - createdAt.getTime());
    if (acts.length > 0) {
      const line = { license_id: licenseId, terminals: ended.length, revocations: acts.length };
      this.#options.logger.info(line, 'The broker is in line with a license');
    }
  }

  /** @returns why terminals could not be closed; those that could are closed all the same */
  async #shutOut(
    licenseId: number,
    ended: readonly TerminalToClose[],
    at: Date,
  ): Promise<readonly unknown[]> {
    const failures: unknown[] = [];
    let closing: Promise<void> = Promise.resolve();
    try {
      for (let start = 0; start < ended.length; start += CHUNK_TERMINALS) {
        const chunk = ended.slice(start, start + CHUNK_TERMINALS);
        await this.#block(licenseId, chunk);
        await closing;
        closing = this.#close(licenseId, chunk, at).then((failed) => void failures.push(...failed));
        // Awaited at the next turn: until then its failure is nobody's.
        closing.catch(() => undefined);
      }
    } finally {
      await closing;
    }
    return failures;
  }

  /** The block first: who is cut off is back within milliseconds, with a token that is still good. */
  async #block(licenseId: number, terminals: readonly TerminalToClose[]): Promise<void> {
    const { database, gate } = this.#options;
    await this.#keepClaim(licenseId);
    const ids = terminals.filter(({ hasToken }) => hasToken).map(({ terminalId }) => terminalId);
    if (ids.length === 0) return;
    await markBlocking(database, licenseId, ids);
    await gate.block(ids);
  }

  async #close(
    licenseId: number,
    terminals: readonly TerminalToClose[],
    at: Date,
  ): Promise<readonly unknown[]> {
    const { database, gate } = this.#options;
    const limit = this.#retries.failuresOf(licenseId) === 0 ? MAX_CLOSING : MAX_CLOSING_AGAIN;
    const how = { limit, reason: 'The license or the terminal has ended' };
    const { closed, failures } = await closeEach(gate, terminals, how);
    const ids = closed.map(({ terminalId }) => terminalId);
    await this.#keepClaim(licenseId);
    await markClosed(database, licenseId, ids, at);
    return failures;
  }

  async #letIn(licenseId: number, terminalIds: readonly string[]): Promise<void> {
    const { database, gate } = this.#options;
    for (let start = 0; start < terminalIds.length; start += CHUNK_TERMINALS) {
      const chunk = terminalIds.slice(start, start + CHUNK_TERMINALS);
      await this.#keepClaim(licenseId);
      await gate.limit(chunk);
      await markLimited(database, licenseId, chunk, this.#options.now());
    }
  }

  async #forget(licenseId: number, terminalIds: readonly string[]): Promise<void> {
    const { database, gate } = this.#options;
    for (let start = 0; start < terminalIds.length; start += CHUNK_TERMINALS) {
      const chunk = terminalIds.slice(start, start + CHUNK_TERMINALS);
      await this.#keepClaim(licenseId);
      await gate.forget(chunk);
      await markForgotten(database, licenseId, chunk);
    }
  }

  async #keepClaim(licenseId: number): Promise<void> {
    if (await extendClaim(this.#options.database, this.#owner, CLAIM_MS, licenseId)) return;
    throw new Error(`The claim on license ${licenseId} has lapsed: another backend goes on.`);
  }

  #failed(error: unknown, what: string, licenseId: number | null = null): void {
    const { logger, observer } = this.#options;
    const { code } = asTillcastError(error);
    observer.revocationFailed(code);
    logger.warn({ err: error, code, ...(licenseId === null ? {} : { license_id: licenseId }) }, what);
  }

  #delayMs(failures: number): number {
    const { random = Math.random } = this.#options;
    return backoffDelayMs(failures, random(), RETRY);
  }

  async #sleep(delayMs: number): Promise<void> {
    const { clock = systemClock } = this.#options;
    // Rejects only when the revoker stops: then there is nothing left to wait for.
    await clock.sleep(delayMs, this.#stopping.signal).catch(() => undefined);
  }
}
