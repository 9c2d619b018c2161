import { TillcastError } from '@tillcast/protocol/errors';
import type { CommitResult } from '@tillcast/protocol/http/admin-api';
import type { LicenseKey } from '@tillcast/protocol/license-key';
import type { Operation } from '@tillcast/protocol/operation';
import type { Database, Transaction } from '../database/database.ts';
import type { MessageSigner } from '../keys/key-ring.ts';
import type { WaitingChange } from '../relay/change-log.ts';
import { type CommitBase, lockBase, readBase } from './commit-base.ts';
import { inTurns, STEPS_AT_ONCE, type Steps } from './in-steps.ts';
import { messageOf } from './message-of.ts';
import { itemRef, type PlanOptions, planInSteps, type Rejected } from './plan-commit.ts';
import { operationPointer, type PreparedOperation, prepareOperations } from './prepare.ts';
import { waitingChangeOf } from './waiting-change.ts';
import { changeOf, writeChange, writeItems } from './write-change.ts';

/** How a commit is made. */
export interface CommitContext extends Partial<PlanOptions> {
  readonly now: () => Date;
  readonly signer: MessageSigner;
  /**
   * Told of a change once it is committed, where its tills may be sent it at once. Not of every one: whoever needs
   * them all reads the log.
   */
  readonly onCommitted?: (change: WaitingChange) => void;
}

/** What a commit did, and which operations it left out. */
export interface Commit {
  readonly result: CommitResult;
  /** Empty unless bad operations are skipped. */
  readonly rejected: readonly Rejected[];
}

/** Above this, the license is locked for the whole of a commit that takes several round trips. */
const MAX_ONE_STATEMENT = 500;

/**
 * Does the operations to a license's catalog, all or none, as one numbered change: rows, version, digest and
 * change log in one transaction. Where every item is already so, nothing is written and no version used.
 * @throws TillcastError `license_not_found`, or the code of the first operation that is not valid
 */
export async function commit(
  database: Database,
  licenseKey: LicenseKey,
  operations: readonly Operation[],
  context: Pick<CommitContext, 'now' | 'signer' | 'onCommitted'>,
): Promise<CommitResult> {
  const { result } = await commitPrepared(database, licenseKey, prepareOperations(operations), context);
  return result;
}

/** The same with operations that were checked already, however many. */
export async function commitPrepared(
  database: Database,
  licenseKey: LicenseKey,
  operations: readonly PreparedOperation[],
  context: CommitContext,
): Promise<Commit> {
  const refs = await inTurns(distinctItems(operations));
  const catalog = database.ofLicense(licenseKey);
  if (refs.length <= MAX_ONE_STATEMENT) {
    // Read, plan, and write if the head is still the same: the license is locked only while it is written, and all
    // of it is two round trips. Only where another commit came between is the lock taken first.
    const done = await catalog.transaction(async (session) =>
      commitOn(session, await readBase(session, licenseKey, refs), operations, context),
    );
    if (done !== 'overtaken') return told(done, context);
  }
  const done = await catalog.transaction(async (session) =>
    commitOn(session, await lockBase(session, licenseKey, refs), operations, context),
  );
  if (done !== 'overtaken') return told(done, context);
  throw new TillcastError('internal', `License ${licenseKey} moved on although it was locked.`);
}

interface Done extends Commit {
  /** Null where there is none, or where it is not known whether its tills may be sent it. */
  readonly toPublish: WaitingChange | null;
}

function told({ toPublish, ...commit }: Done, { onCommitted }: CommitContext): Commit {
  if (toPublish !== null) onCommitted?.(toPublish);
  return commit;
}

async function commitOn(
  session: Transaction,
  base: CommitBase,
  operations: readonly PreparedOperation[],
  context: CommitContext,
): Promise<Done | 'overtaken'> {
  const { now, signer, bad = 'fail', pointerOf = operationPointer } = context;
  const { head, stored, isServed } = base;
  const plan = await inTurns(planInSteps(stored, head.digest, operations, { bad, pointerOf }));
  const { rows, unchanged, digest, liveItemsAdded, rejected } = plan;
  const { epoch, version } = head;
  if (rows.length === 0) {
    const result = { epoch, version, digest, type: null, changed: 0, unchanged, committed_at: null };
    return { result, rejected, toPublish: null };
  }
  const content = { ...messageOf(operations, rows), digest, committedAt: now() };
  const change = changeOf(head, content, signer);
  const atOnce = rows.length <= MAX_ONE_STATEMENT;
  if (!atOnce) await writeItems(session, head, change, rows);
  const write = { change, rows: atOnce ? rows : [], liveItemsAdded };
  const written = await writeChange({ query: session.queryAndCommit }, head, write);
  if (!written) return 'overtaken';
  const result: CommitResult = {
    epoch,
    version: change.version,
    digest,
    type: change.type,
    changed: rows.length,
    unchanged,
    committed_at: change.committedAt.toISOString(),
  };
  return { result, rejected, toPublish: isServed === true ? waitingChangeOf(head, change) : null };
}

function* distinctItems(operations: readonly PreparedOperation[]): Steps<readonly PreparedOperation[]> {
  const distinct = new Map<string, PreparedOperation>();
  for (const [index, operation] of operations.entries()) {
    distinct.set(itemRef(operation.kind, operation.id), operation);
    if (index % STEPS_AT_ONCE === STEPS_AT_ONCE - 1) yield;
  }
  return [...distinct.values()];
}
