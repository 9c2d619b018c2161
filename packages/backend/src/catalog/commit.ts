import { TillcastError } from '@tillcast/protocol/errors';
import type { CommitResult } from '@tillcast/protocol/http/admin-api';
import type { LicenseKey } from '@tillcast/protocol/license-key';
import type { Operation } from '@tillcast/protocol/operation';
import type { Database, Session } from '../database/database.ts';
import type { MessageSigner } from '../keys/key-ring.ts';
import { type CommitBase, lockBase, readBase } from './commit-base.ts';
import { inTurns, STEPS_AT_ONCE, type Steps } from './in-steps.ts';
import { messageOf } from './message-of.ts';
import { itemRef, type PlanOptions, planInSteps, type Rejected } from './plan-commit.ts';
import { operationPointer, type PreparedOperation, prepareOperations } from './prepare.ts';
import { changeOf, writeChange, writeItems } from './write-change.ts';

/** How a commit is made. */
export interface CommitContext extends Partial<PlanOptions> {
  readonly now: () => Date;
  readonly signer: MessageSigner;
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
  context: Pick<CommitContext, 'now' | 'signer'>,
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
  return database.ofLicense(licenseKey).transaction(async (session) => {
    if (refs.length <= MAX_ONE_STATEMENT) {
      // Read, plan, and write if the head is still the same: the license is locked only while it is written.
      // Only where another commit came between is the lock taken first.
      const base = await readBase(session, licenseKey, refs);
      const done = await commitOn(session, base, operations, context);
      if (done !== 'overtaken') return done;
    }
    const base = await lockBase(session, licenseKey, refs);
    const done = await commitOn(session, base, operations, context);
    if (done === 'overtaken') {
      throw new TillcastError('internal', `License ${licenseKey} moved on although it was locked.`);
    }
    return done;
  });
}

async function commitOn(
  session: Session,
  base: CommitBase,
  operations: readonly PreparedOperation[],
  context: CommitContext,
): Promise<Commit | 'overtaken'> {
  const { now, signer, bad = 'fail', pointerOf = operationPointer } = context;
  const { head, stored } = base;
  const plan = await inTurns(planInSteps(stored, head.digest, operations, { bad, pointerOf }));
  const { rows, unchanged, digest, liveItemsAdded, rejected } = plan;
  const { epoch, version } = head;
  if (rows.length === 0) {
    const result = { epoch, version, digest, type: null, changed: 0, unchanged, committed_at: null };
    return { result, rejected };
  }
  const content = { ...messageOf(operations, rows), digest, committedAt: now() };
  const change = changeOf(head, content, signer);
  const atOnce = rows.length <= MAX_ONE_STATEMENT;
  if (!atOnce) await writeItems(session, head, change, rows);
  const written = await writeChange(session, head, { change, rows: atOnce ? rows : [], liveItemsAdded });
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
  return { result, rejected };
}

function* distinctItems(operations: readonly PreparedOperation[]): Steps<readonly PreparedOperation[]> {
  const distinct = new Map<string, PreparedOperation>();
  for (const [index, operation] of operations.entries()) {
    distinct.set(itemRef(operation.kind, operation.id), operation);
    if (index % STEPS_AT_ONCE === STEPS_AT_ONCE - 1) yield;
  }
  return [...distinct.values()];
}
