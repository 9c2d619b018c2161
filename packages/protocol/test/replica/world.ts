import type { Cursor } from '@tillcast/protocol/cursor';
import { DigestSum, rowDigest } from '@tillcast/protocol/digest';
import type { Row } from '@tillcast/protocol/items/item';
import { withPrice } from '@tillcast/protocol/items/item';
import type { Edit } from '@tillcast/protocol/messages/edits';
import type { ReplicaEffect, ReplicaMetric } from '@tillcast/protocol/replica/effect';
import type { IncomingChange, ReplicaEvent } from '@tillcast/protocol/replica/event';
import { step } from '@tillcast/protocol/replica/machine';
import { initialReplica, type ReplicaState } from '@tillcast/protocol/replica/state';

type Content = ReadonlyMap<string, string>;

export function digestOf(content: Content): string {
  const sum = new DigestSum();
  for (const [id, body] of content) sum.add(rowDigest('product', id, body));
  return sum.toString();
}

function edited(content: Content, edits: readonly Edit[]): Map<string, string> | null {
  const next = new Map(content);
  for (const edit of edits) {
    if (edit.edit === 'write') {
      if (edit.row.body === null) next.delete(edit.row.id);
      else next.set(edit.row.id, edit.row.body);
    } else {
      const body = next.get(edit.productId);
      if (body === undefined) return null;
      next.set(edit.productId, withPrice(body, edit.price, edit.currency));
    }
  }
  return next;
}

interface Committed {
  readonly content: Content;
  readonly change: IncomingChange;
  readonly touched: readonly string[];
}

/** A server's history in memory: what it held at each version, and the change that led there. */
export class ServerModel {
  epoch = 'epoch0000';
  history: Committed[] = [];
  base: Content = new Map();
  suspended = false;

  get content(): Content {
    return this.history.at(-1)?.content ?? this.base;
  }

  get head(): Cursor {
    return { epoch: this.epoch, version: this.history.length, digest: digestOf(this.content) };
  }

  contentAt(version: number): Content | undefined {
    return version === 0 ? this.base : this.history[version - 1]?.content;
  }

  commit(edits: readonly Edit[], withRows = true): IncomingChange {
    const content = edited(this.content, edits);
    if (content === null) throw new Error('the server prices only what it has');
    const version = this.history.length + 1;
    const to = { epoch: this.epoch, version, digest: digestOf(content) };
    const change: IncomingChange = { to, edits: withRows ? edits : null, note: null };
    const touched = edits.map((edit) => (edit.edit === 'write' ? edit.row.id : edit.productId));
    this.history.push({ content, change, touched });
    return change;
  }

  /** Back to an older version, as a new history. */
  restore(version: number): void {
    this.base = this.contentAt(version) ?? new Map();
    this.history = [];
    this.epoch = `epoch${String(Number(this.epoch.slice(5)) + 1).padStart(4, '0')}`;
  }

  delta(since: Cursor): { readonly to: Cursor; readonly rows: readonly Row[] } | null {
    if (since.epoch !== this.epoch || since.version > this.history.length) return null;
    const ids = new Set(this.history.slice(since.version).flatMap((each) => each.touched));
    const rows = [...ids].map((id) => ({ kind: 'product', id, body: this.content.get(id) ?? null }) as const);
    return { to: this.head, rows };
  }

  snapshot(): { readonly to: Cursor; readonly rows: readonly Row[] } {
    return { to: this.head, rows: [...this.content].map(([id, body]) => ({ kind: 'product', id, body })) };
  }
}

/** A till in memory around the real machine: its store checks the digest before it commits, as the real one does. */
export class TillModel {
  state: ReplicaState;
  content: Content = new Map();
  cursor: Cursor | null = null;
  nowMs = 0;
  /** Effects that wait for the world: at most one question, one timer of each kind. */
  question: { readonly effect: ReplicaEffect; readonly askedAtMs: number } | null = null;
  settling = false;
  retrying = false;
  reportWanted = false;
  readonly counts: Map<ReplicaMetric, number> = new Map();
  readonly questions: number[] = [];

  constructor() {
    this.state = initialReplica(null);
  }

  /** The process dies and starts again with what its store holds. */
  restart(): void {
    this.state = initialReplica(this.cursor, !this.isSound);
    this.question = null;
    this.settling = false;
    this.retrying = false;
    this.dispatch({ type: 'started' });
  }

  dispatch(event: ReplicaEvent): void {
    const queue: ReplicaEvent[] = [event];
    for (let next = queue.shift(); next !== undefined; next = queue.shift()) {
      const { state, effects } = step(this.state, next);
      this.state = state;
      for (const effect of effects) {
        const outcome = this.perform(effect);
        if (outcome !== null) queue.push(outcome);
      }
    }
  }

  private perform(effect: ReplicaEffect): ReplicaEvent | null {
    switch (effect.effect) {
      case 'applyEdits':
        return this.commit(edited(this.content, effect.edits), effect.target);
      case 'applyRows': {
        const edits = effect.rows.map((row): Edit => ({ edit: 'write', row }));
        return this.commit(edited(this.content, edits), effect.target);
      }
      case 'applyRepair': {
        const edits = effect.rows.map((row): Edit => ({ edit: 'write', row }));
        return this.commit(edited(this.content, edits), effect.target);
      }
      case 'replaceAll': {
        const rows = effect.rows.flatMap(({ id, body }) => (body === null ? [] : [[id, body] as const]));
        return this.commit(new Map(rows), effect.target);
      }
      case 'pullDelta':
      case 'pullSnapshot':
      case 'pullRepair':
        this.question = { effect, askedAtMs: this.nowMs };
        this.questions.push(this.nowMs);
        return null;
      case 'startSettling':
        this.settling = true;
        return null;
      case 'stopSettling':
        this.settling = false;
        return null;
      case 'startRetry':
        this.retrying = true;
        return null;
      case 'stopRetry':
        this.retrying = false;
        return null;
      case 'report':
        this.reportWanted = true;
        return null;
      case 'count':
        this.counts.set(effect.metric, (this.counts.get(effect.metric) ?? 0) + 1);
        return null;
    }
  }

  private commit(content: Content | null, target: Cursor): ReplicaEvent {
    if (content === null || digestOf(content) !== target.digest)
      return { type: 'applyFailed', reason: 'digest' };
    this.content = content;
    this.cursor = target;
    return { type: 'applied' };
  }

  /** The server answers the question that is under way. */
  answer(server: ServerModel): void {
    const asked = this.question;
    this.question = null;
    if (asked === null) return;
    const { effect, askedAtMs } = asked;
    if (server.suspended) return this.dispatch({ type: 'refused', code: 'license_suspended' });
    if (effect.effect === 'pullSnapshot')
      return this.dispatch({ type: 'snapshot', ...server.snapshot(), askedAtMs });
    if (effect.effect === 'pullRepair')
      return this.dispatch({
        type: 'repair',
        to: server.head,
        rows: this.differing(server.content),
        askedAtMs,
      });
    if (effect.effect !== 'pullDelta') return;
    const delta = server.delta(effect.since);
    this.dispatch(delta === null ? { type: 'historyGone' } : { type: 'delta', ...delta, askedAtMs });
  }

  /** The rows that are not as the server has them. */
  private differing(theirs: Content): readonly Row[] {
    const rows: Row[] = [];
    for (const id of new Set([...this.content.keys(), ...theirs.keys()])) {
      const body = theirs.get(id) ?? null;
      if (this.content.get(id) !== (body ?? undefined)) rows.push({ kind: 'product', id, body });
    }
    return rows;
  }

  /** The disk forgets what it was told. */
  rot(id: string): void {
    const next = new Map(this.content);
    const body = next.get(id);
    if (body === undefined) next.set(id, '{"rotten":true}');
    else next.delete(id);
    this.content = next;
  }

  /** Whether what is held is what the cursor says, as a scrub of the store finds it. */
  get isSound(): boolean {
    return this.cursor === null || digestOf(this.content) === this.cursor.digest;
  }

  /** What lies in the store is compared with the cursor, as the idle till does. */
  scrub(): void {
    if (!this.isSound) this.dispatch({ type: 'contentDiffers' });
  }

  /** A status report and its answer. */
  report(server: ServerModel): void {
    this.reportWanted = false;
    if (server.suspended) return this.dispatch({ type: 'refused', code: 'license_suspended' });
    this.dispatch({ type: 'answered', server: server.head, asked: this.cursor, askedAtMs: this.nowMs });
  }
}
