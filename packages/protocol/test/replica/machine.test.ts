import fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import type { Edit } from '@tillcast/protocol/messages/edits';
import type { IncomingChange } from '@tillcast/protocol/replica/event';
import { step } from '@tillcast/protocol/replica/machine';
import { behindOf, initialReplica } from '@tillcast/protocol/replica/state';
import { statusOf } from '@tillcast/protocol/replica/status';
import { ServerModel, TillModel } from './world.ts';

const put = (id: string, price: number): Edit => ({
  edit: 'write',
  row: { kind: 'product', id, body: JSON.stringify({ id, name: id, price, currency: 'GBP' }) },
});
const remove = (id: string): Edit => ({ edit: 'write', row: { kind: 'product', id, body: null } });
const price = (productId: string, to: number): Edit => ({
  edit: 'price',
  productId,
  price: to,
  currency: 'GBP',
});

/** A till that holds what the server holds, attached and proven. */
function liveTill(server: ServerModel): TillModel {
  const till = new TillModel();
  till.dispatch({ type: 'started' });
  till.answer(server);
  till.dispatch({ type: 'attached' });
  till.answer(server);
  till.report(server);
  return till;
}

function servedTill(): { server: ServerModel; till: TillModel } {
  const server = new ServerModel();
  server.commit([put('A', 1), put('B', 2)]);
  return { server, till: liveTill(server) };
}

describe('the path of a change', () => {
  test('[R2] a till that starts takes the snapshot, and asks again once it is attached', () => {
    const server = new ServerModel();
    server.commit([put('A', 1)]);
    const till = new TillModel();
    till.dispatch({ type: 'started' });
    expect(till.question?.effect.effect).toBe('pullSnapshot');
    till.dispatch({ type: 'attached' });
    server.commit([put('B', 2)]);
    till.answer(server);
    expect(till.question?.effect.effect).toBe('pullDelta');
    till.answer(server);
    expect(till.cursor).toEqual(server.head);
    expect(till.state.name).toBe('following');
  });

  test('[R3] the next version is applied without asking anybody', () => {
    const { server, till } = servedTill();
    const asked = till.questions.length;
    till.dispatch({ type: 'message', change: server.commit([price('A', 3)]) });
    expect(till.cursor).toEqual(server.head);
    expect(till.questions).toHaveLength(asked);
  });

  test('[R3] a change that comes again, or late, is dropped', () => {
    const { server, till } = servedTill();
    const first = server.commit([price('A', 3)]);
    const second = server.commit([price('A', 4)]);
    for (const change of [first, second, first, second]) till.dispatch({ type: 'message', change });
    expect(till.content.get('A')).toContain('"price":4');
    expect(till.counts.get('stale')).toBe(2);
    expect(till.state.name).toBe('following');
  });

  test('[R4] two changes in the wrong order are both applied, and nobody is asked', () => {
    const { server, till } = servedTill();
    const asked = till.questions.length;
    const first = server.commit([price('A', 3)]);
    const second = server.commit([price('A', 4)]);
    till.dispatch({ type: 'message', change: second });
    expect(till.state.name).toBe('settling');
    till.dispatch({ type: 'message', change: first });
    expect(till.cursor).toEqual(server.head);
    expect(till.state.name).toBe('following');
    expect(till.settling).toBe(false);
    expect(till.questions).toHaveLength(asked);
  });

  test('[R4] a gap that stays open is closed by one delta', () => {
    const { server, till } = servedTill();
    server.commit([price('A', 3)]);
    till.dispatch({ type: 'message', change: server.commit([put('C', 9)]) });
    expect(behindOf(till.state)).toBe(2);
    till.dispatch({ type: 'settled' });
    till.answer(server);
    expect(till.cursor).toEqual(server.head);
    expect(till.counts.get('gap')).toBe(1);
  });

  test('[R4] a change without rows is pulled', () => {
    const { server, till } = servedTill();
    till.dispatch({ type: 'message', change: server.commit([put('C', 9), remove('A')], false) });
    expect(till.question?.effect.effect).toBe('pullDelta');
    till.answer(server);
    expect(till.cursor).toEqual(server.head);
  });

  test('[R4] a server whose answer leaves the gap open is asked again by the ladder, not at once', () => {
    const { server, till } = servedTill();
    const before = server.head;
    server.commit([price('A', 3)]);
    const beyond = server.commit([price('A', 4)]);
    till.dispatch({ type: 'message', change: beyond });
    till.dispatch({ type: 'settled' });
    till.dispatch({ type: 'delta', to: before, rows: [], askedAtMs: 0 });
    expect(till.state).toMatchObject({ name: 'waiting', why: 'gap', attempt: 1 });
    expect(till.question?.effect.effect).toBe('pullDelta');
    till.question = null;
    till.dispatch({ type: 'retryDue' });
    till.answer(server);
    expect(till.cursor).toEqual(server.head);
  });
});

describe('what must not be believed', () => {
  test('[R5] a change that would lead to other content than the server says is not applied; the snapshot repairs', () => {
    const { server, till } = servedTill();
    const change = server.commit([price('A', 3)]);
    const held = till.content;
    till.dispatch({ type: 'message', change: { ...change, edits: [price('A', 4)] } });
    expect(till.content).toBe(held);
    expect(till.question?.effect.effect).toBe('pullSnapshot');
    expect(statusOf(till.state, 0, 0).status).not.toBe('live');
    till.answer(server);
    expect(till.cursor).toEqual(server.head);
    expect(till.counts.get('repair')).toBe(1);
  });

  test('[R5] the same version with another digest starts a repair', () => {
    const { server, till } = servedTill();
    const change: IncomingChange = {
      to: { ...server.head, digest: 'ffffffffffffffff' },
      edits: [],
      note: null,
    };
    till.dispatch({ type: 'message', change });
    expect(till.question?.effect.effect).toBe('pullSnapshot');
  });

  test('[R5] a second repair in a row waits first, so that a wrong message cannot make a hot loop', () => {
    const { server, till } = servedTill();
    const wrong = (): IncomingChange => ({
      ...server.commit([price('A', server.history.length + 10)]),
      edits: [],
    });
    till.dispatch({ type: 'message', change: wrong() });
    till.answer(server);
    till.dispatch({ type: 'message', change: wrong() });
    expect(till.state).toMatchObject({ name: 'waiting', why: 'digest' });
    expect(statusOf(till.state, 0, 0).status).toBe('needs_attention');
  });

  test('[R6] a change of another history makes the till ask; 410 leads to the snapshot', () => {
    const { server, till } = servedTill();
    server.commit([price('A', 3)]);
    server.restore(1);
    till.dispatch({ type: 'message', change: server.commit([put('Z', 1)]) });
    expect(till.question?.effect.effect).toBe('pullDelta');
    till.answer(server);
    expect(till.question?.effect.effect).toBe('pullSnapshot');
    till.answer(server);
    expect(till.cursor).toEqual(server.head);
    expect(till.state.name).toBe('following');
  });

  test('[R6] a late change of the old history, after the new one was taken, is asked about once and then forgotten', () => {
    const { server, till } = servedTill();
    const late = server.commit([price('A', 3)]);
    server.restore(1);
    till.report(server);
    till.answer(server);
    till.answer(server);
    expect(till.cursor).toEqual(server.head);
    till.dispatch({ type: 'message', change: late });
    till.answer(server);
    expect(till.state.name).toBe('following');
    expect(till.question).toBeNull();
  });

  test('[R7] a server that answers with less than the till said it held has been restored: the till asks', () => {
    const { server, till } = servedTill();
    till.dispatch({
      type: 'answered',
      server: { ...server.head, version: 0 },
      asked: till.cursor,
      askedAtMs: 5,
    });
    expect(till.question?.effect.effect).toBe('pullDelta');
    expect(till.state.proof).toBeNull();
  });

  test('[R7] an answer that is older than a change applied meanwhile is no reason to ask', () => {
    const { server, till } = servedTill();
    const asked = till.cursor;
    const answer = server.head;
    till.dispatch({ type: 'message', change: server.commit([price('A', 3)]) });
    till.dispatch({ type: 'answered', server: answer, asked, askedAtMs: 7 });
    expect(till.state).toMatchObject({ name: 'following', proof: { askedAtMs: 7 } });
  });

  test('[R7] silence of a deaf queue ends with the next report', () => {
    const { server, till } = servedTill();
    server.commit([price('A', 3)]);
    till.report(server);
    expect(till.state.name).toBe('settling');
    till.dispatch({ type: 'settled' });
    till.answer(server);
    expect(till.cursor).toEqual(server.head);
  });
});

describe('outages', () => {
  test('[R8] while the sync API is away, contiguous messages are still applied', () => {
    const { server, till } = servedTill();
    till.dispatch({ type: 'syncRequested' });
    till.dispatch({ type: 'pullFailed' });
    expect(till.state).toMatchObject({ name: 'waiting', why: 'unreachable', attempt: 1 });
    till.dispatch({ type: 'message', change: server.commit([price('A', 3)]) });
    expect(till.cursor).toEqual(server.head);
    expect(till.state).toMatchObject({ name: 'waiting', why: 'unreachable', attempt: 1 });
  });

  test('[R8] each failure climbs the ladder one rung, and an answer starts it anew', () => {
    const { server, till } = servedTill();
    till.dispatch({ type: 'syncRequested' });
    for (const attempt of [1, 2, 3]) {
      till.dispatch({ type: 'pullFailed' });
      expect(till.state).toMatchObject({ name: 'waiting', attempt });
      till.dispatch({ type: 'retryDue' });
    }
    till.answer(server);
    expect(till.state.name).toBe('following');
    till.dispatch({ type: 'syncRequested' });
    till.dispatch({ type: 'pullFailed' });
    expect(till.state).toMatchObject({ attempt: 1 });
  });

  test('[R9] a commit that fails leaves all as it was, says so, and is tried again', () => {
    const { server } = servedTill();
    const till = liveTill(server);
    const { state } = step(till.state, { type: 'message', change: server.commit([price('A', 3)]) });
    const failed = step(state, { type: 'applyFailed', reason: 'store' }).state;
    expect(failed).toMatchObject({ name: 'waiting', why: 'store', cursor: till.cursor });
    expect(statusOf(failed, 0, 0)).toMatchObject({ status: 'needs_attention', reason: 'store_failing' });
    expect(step(failed, { type: 'retryDue' }).state.name).toBe('pulling');
  });

  test('[R10] a suspended license stops the till, whatever the broker delivers, and its resumption starts it', () => {
    const { server, till } = servedTill();
    const held = till.cursor;
    server.suspended = true;
    till.dispatch({ type: 'message', change: server.commit([]) });
    expect(till.reportWanted).toBe(true);
    till.report(server);
    expect(statusOf(till.state, till.nowMs, 0)).toMatchObject({
      status: 'needs_attention',
      reason: 'refused',
    });
    till.dispatch({ type: 'message', change: server.commit([price('A', 3)]) });
    expect(till.cursor?.version).toBe((held?.version ?? 0) + 1);
    server.suspended = false;
    till.dispatch({ type: 'message', change: server.commit([]) });
    till.answer(server);
    expect(till.cursor).toEqual(server.head);
    expect(till.state.name).toBe('following');
  });
});

describe('status', () => {
  test('[P6] live needs the broker, the server within 20 s, its version, and no sale waiting', () => {
    const { till } = servedTill();
    const { state } = till;
    expect(statusOf(state, 0, 0).status).toBe('live');
    expect(statusOf(state, 20_000, 0).status).toBe('live');
    expect(statusOf(state, 20_001, 0).status).toBe('offline');
    expect(statusOf(state, -1, 0).status).toBe('offline');
    expect(statusOf(state, 0, 1).status).toBe('catching_up');
    expect(statusOf({ ...state, attached: false }, 0, 0).status).toBe('catching_up');
    expect(statusOf({ ...state, latest: { epoch: 'epoch0000', version: 9 } }, 0, 0)).toMatchObject({
      status: 'catching_up',
      behind: 8,
    });
    expect(statusOf(initialReplica(null), 0, 0).status).toBe('offline');
  });
});

type Action =
  | {
      readonly do: 'commit';
      readonly ids: readonly number[];
      readonly value: number;
      readonly withRows: boolean;
    }
  | { readonly do: 'deliver'; readonly at: number; readonly keep: boolean }
  | { readonly do: 'lose'; readonly at: number }
  | {
      readonly do:
        | 'answer'
        | 'fail'
        | 'settle'
        | 'retry'
        | 'report'
        | 'detach'
        | 'attach'
        | 'crash'
        | 'suspend'
        | 'resume';
    }
  | { readonly do: 'sleep'; readonly ms: number }
  | { readonly do: 'restore'; readonly back: number }
  | { readonly do: 'forge'; readonly digest: boolean };

const actionArbitrary: fc.Arbitrary<Action> = fc.oneof(
  {
    weight: 8,
    arbitrary: fc.record({
      do: fc.constant('commit' as const),
      ids: fc.uniqueArray(fc.nat(5), { minLength: 1, maxLength: 3 }),
      value: fc.nat(100),
      withRows: fc.boolean(),
    }),
  },
  {
    weight: 8,
    arbitrary: fc.record({ do: fc.constant('deliver' as const), at: fc.nat(9), keep: fc.boolean() }),
  },
  { weight: 2, arbitrary: fc.record({ do: fc.constant('lose' as const), at: fc.nat(9) }) },
  { weight: 8, arbitrary: fc.constant({ do: 'answer' as const }) },
  {
    weight: 8,
    arbitrary: fc
      .constantFrom('fail', 'settle', 'retry', 'report', 'detach', 'attach', 'crash', 'suspend', 'resume')
      .map((what) => ({ do: what }) as const),
  },
  { weight: 2, arbitrary: fc.record({ do: fc.constant('sleep' as const), ms: fc.nat(30_000) }) },
  { weight: 1, arbitrary: fc.record({ do: fc.constant('restore' as const), back: fc.nat(5) }) },
  { weight: 1, arbitrary: fc.record({ do: fc.constant('forge' as const), digest: fc.boolean() }) },
);

/** One till and one server under everything that a network, a crash and an operator may do. */
class Run {
  readonly server = new ServerModel();
  readonly till = new TillModel();
  attached = false;
  flight: IncomingChange[] = [];
  /** What the server held at each (epoch, version) that ever was. */
  readonly truth = new Map<string, string>();
  /** When the server moved beyond each position: until then, the position was current. */
  readonly leftAtMs = new Map<string, number>();
  forged = false;

  constructor() {
    this.record();
    this.till.dispatch({ type: 'started' });
  }

  private record(): void {
    const { epoch, version, digest } = this.server.head;
    this.truth.set(`${epoch}/${version}`, digest);
  }

  private moved(from: { readonly epoch: string; readonly version: number }): void {
    this.leftAtMs.set(`${from.epoch}/${from.version}`, this.till.nowMs);
    this.record();
  }

  act(action: Action): void {
    const { server, till } = this;
    switch (action.do) {
      case 'commit': {
        const before = server.head;
        const edits = action.ids.map((id) =>
          action.value % 5 === 0
            ? remove(`P${id}`)
            : server.content.has(`P${id}`) && action.value % 2 === 0
              ? price(`P${id}`, action.value)
              : put(`P${id}`, action.value),
        );
        const change = server.commit(edits, action.withRows);
        this.moved(before);
        if (this.attached) this.flight.push(change);
        break;
      }
      case 'deliver': {
        const change = this.flight[action.at % Math.max(1, this.flight.length)];
        if (change === undefined || !this.attached) break;
        if (!action.keep) this.flight = this.flight.filter((other) => other !== change);
        till.dispatch({ type: 'message', change });
        break;
      }
      case 'lose':
        this.flight.splice(action.at % Math.max(1, this.flight.length), 1);
        break;
      case 'answer':
        till.answer(server);
        break;
      case 'fail':
        if (till.question !== null) {
          till.question = null;
          till.dispatch({ type: 'pullFailed' });
        }
        break;
      case 'settle':
        if (till.settling) {
          till.settling = false;
          till.dispatch({ type: 'settled' });
        }
        break;
      case 'retry':
        if (till.retrying) {
          till.retrying = false;
          till.dispatch({ type: 'retryDue' });
        }
        break;
      case 'report':
        till.report(server);
        break;
      case 'detach':
        this.attached = false;
        this.flight = [];
        till.dispatch({ type: 'detached' });
        break;
      case 'attach':
        if (!this.attached) {
          this.attached = true;
          till.dispatch({ type: 'attached' });
        }
        break;
      case 'crash':
        this.attached = false;
        this.flight = [];
        till.restart();
        break;
      case 'suspend':
        server.suspended = true;
        break;
      case 'resume':
        server.suspended = false;
        break;
      case 'sleep':
        till.nowMs += action.ms;
        break;
      case 'restore': {
        const before = server.head;
        server.restore(Math.max(0, server.history.length - action.back));
        this.moved(before);
        break;
      }
      case 'forge': {
        this.forged = true;
        const to = { ...server.head, version: server.head.version + 1 };
        const forged = action.digest ? { ...to, digest: 'ffffffffffffffff' } : to;
        if (this.attached)
          this.till.dispatch({
            type: 'message',
            change: { to: forged, edits: [put('EVIL', 0)], note: null },
          });
        break;
      }
    }
    this.check();
  }

  check(): void {
    const { till } = this;
    if (till.cursor !== null) {
      const key = `${till.cursor.epoch}/${till.cursor.version}`;
      expect(this.truth.get(key), `P4: content at ${key}`).toBe(till.cursor.digest);
    }
    expect(till.content.has('EVIL'), 'a forged row').toBe(false);
    if (!this.forged)
      expect(till.counts.get('digest_mismatch'), 'a repair that nothing called for').toBeUndefined();
    const now = statusOf(till.state, till.nowMs, 0);
    if (now.status === 'live') {
      const key = `${till.cursor?.epoch}/${till.cursor?.version}`;
      const leftAtMs = this.leftAtMs.get(key) ?? Infinity;
      expect(
        till.nowMs - leftAtMs,
        'P6: live, but left behind for longer than a proof lasts',
      ).toBeLessThanOrEqual(20_000);
      expect(this.attached, 'P6: live without the broker').toBe(true);
    }
  }

  /** The faults stop: a bounded number of ordinary steps must bring the till to the server's content. */
  calm(): void {
    const { server, till } = this;
    server.suspended = false;
    this.act({ do: 'attach' });
    for (let round = 0; round < 30; round++) {
      while (this.flight.length > 0) this.act({ do: 'deliver', at: 0, keep: false });
      for (const what of ['answer', 'settle', 'answer', 'retry', 'answer'] as const) this.act({ do: what });
      this.act({ do: 'report' });
    }
    expect(till.cursor).toEqual(server.head);
    expect(till.state.name).toBe('following');
    expect(statusOf(till.state, till.nowMs, 0).status).toBe('live');
  }
}

describe('under every fault', () => {
  test('[P3] [P4] [P6] [R1] content is always that of a version, live is always true, and calm brings convergence', () => {
    fc.assert(
      fc.property(
        fc.boolean(),
        fc.array(actionArbitrary, { minLength: 1, maxLength: 120 }),
        (warm, actions) => {
          const run = new Run();
          if (warm) for (const what of ['answer', 'attach', 'answer'] as const) run.act({ do: what });
          for (const action of actions) run.act(action);
          run.calm();
        },
      ),
      { numRuns: 1_000 },
    );
  });
});
